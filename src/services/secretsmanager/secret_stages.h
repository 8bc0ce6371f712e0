// Stages: which version of a secret is called what. A stage is at one version at most; where AWSCURRENT leaves, AWSPREVIOUS comes.
// Pure functions over a row that is being changed. Source: Secrets Manager user guide, "What's in a secret: Version".
#pragma once

#include "services/secretsmanager/secret_row.h"

namespace mayfly::secretsmanager {

// Gives stages to a version of the secret, and takes them from others. Error: LimitExceededException, too many stages.
Result<> GiveStages(SecretRow& secret, const std::string& version_id, const std::vector<std::string>& stages);

// UpdateSecretVersionStage. Errors: InvalidParameterException, ResourceNotFoundException.
struct StageMove {
  std::string stage;
  std::optional<std::string> from;
  std::optional<std::string> to;
};
Result<> MoveStage(SecretRow& secret, const StageMove& move);

// The versions that have to go so that one more has room: those without stages, the oldest first. Error: LimitExceededException.
Result<std::vector<std::string>> MakeRoom(SecretRow& secret);

}  // namespace mayfly::secretsmanager
