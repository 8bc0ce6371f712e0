// Which secrets ListSecrets and BatchGetSecretValue pick. All filters must hold; of one filter's values any, each the beginning of what it is
// compared with, or with `!` before it not its beginning. Pure functions.
#pragma once

#include <vector>

#include "model/secretsmanager.h"
#include "services/secretsmanager/secret_row.h"

namespace mayfly::secretsmanager {

bool Matches(const SecretRow& secret, const std::vector<Filter>& filters);

}  // namespace mayfly::secretsmanager
