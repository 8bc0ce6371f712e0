// Amazon SES as the daemon has it: identities, mail that is sent (into the outbox), mail that comes and the receipt rules that say what
// happens with it, and an SMTP listener where the operator wants one (--ses-smtp).
//
// Offers delivery::Target "ses" (mail on its way to its receipt rules) and services::Page "ses" (where the listener is). Needs functions, to
// ask them and wait, and who keeps outgoing mail.
#pragma once

#include "services/service.h"

namespace mayfly::ses {

services::Declaration Declare();

}  // namespace mayfly::ses
