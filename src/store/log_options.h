// Options of the log store.
#pragma once

#include "base/option.h"
#include "store/log_store.h"

namespace mayfly::store {

OptionGroup OptionsOf(LogStoreOptions& logs);

}  // namespace mayfly::store
