#include "catalog/zygote_preparation.h"

namespace mayfly::catalog {

void ZygotePreparation::Follow(FunctionCatalog& functions) {
  functions.OnChange([this](const FunctionPointer&, const FunctionPointer& new_state) {
    if (new_state) PrepareFor(*new_state);
  });
}

void ZygotePreparation::PrepareFor(const Function& function) const {
  const auto choice = runtimes_->Resolve(function.runtime);
  if (choice && choice->interpreter && choice->interpreter->zygote_index != 0) prepare_(choice->interpreter->zygote_index, function.name.account_id);
}

}  // namespace mayfly::catalog
