// Organizations: which accounts belong together, as the operator says (--organization): policies ask for it with
// aws:PrincipalOrgID and aws:ResourceOrgID. Immutable once made; any thread.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mayfly::identity {

class Organizations {
 public:
  Organizations() = default;
  // Each text: o-a1b2c3d4e5=111122223333,444455556666. One organization may be given several times, an account only once.
  // Error: Fault, what is wrong with which text.
  static Result<Organizations> Parse(const std::vector<std::string>& texts);

  // "" when the account is in none.
  std::string_view Of(std::string_view account_id) const;

 private:
  std::map<std::string, std::string, std::less<>> by_account_;
};

}  // namespace mayfly::identity
