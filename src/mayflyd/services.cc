#include "mayflyd/services.h"

#include "services/sqs/service.h"

namespace mayfly::daemon {

std::vector<services::Declaration> DeclareServices() {
  return {
      sqs::Declare(),
  };
}

}  // namespace mayfly::daemon
