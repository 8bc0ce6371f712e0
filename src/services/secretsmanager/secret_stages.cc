#include "services/secretsmanager/secret_stages.h"

#include <algorithm>

#include <fmt/format.h>

namespace mayfly::secretsmanager {
namespace {

void TakeStage(SecretRow& secret, std::string_view stage) {
  for (SecretVersion& version : secret.versions) std::erase(version.stages, stage);
}

void PutStage(SecretRow& secret, const std::string& version_id, std::string_view stage) {
  TakeStage(secret, stage);
  SecretVersion* version = secret.FindVersion(version_id);
  MF_ASSERT(version != nullptr);
  version->stages.emplace_back(stage);
}

}  // namespace

Result<> GiveStages(SecretRow& secret, const std::string& version_id, const std::vector<std::string>& stages) {
  const SecretVersion* current = secret.FindStage(kCurrent);
  const std::string old = current ? current->id : std::string();
  for (const std::string& stage : stages) {
    if (stage == kCurrent && !old.empty() && old != version_id) PutStage(secret, old, kPrevious);
    PutStage(secret, version_id, stage);
  }
  if (secret.FindVersion(version_id)->stages.size() <= kStagesMax) return {};
  return Fail(Error::Service("LimitExceededException", fmt::format("A version has at most {} staging labels.", kStagesMax)));
}

Result<> MoveStage(SecretRow& secret, const StageMove& move) {
  const SecretVersion* holder = secret.FindStage(move.stage);
  if (move.to && !secret.FindVersion(*move.to)) return Fail(NoVersion(*move.to));
  if (move.from && !secret.FindVersion(*move.from)) return Fail(NoVersion(*move.from));
  if (!move.to && !move.from) return Fail(BadParameter("You must specify either RemoveFromVersionId or MoveToVersionId."));
  if (move.from && (!holder || holder->id != *move.from)) {
    return Fail(BadParameter(fmt::format("Staging label {} isn't currently attached to version {}.", move.stage, *move.from)));
  }
  if (holder && !move.from && holder->id != *move.to) {
    return Fail(BadParameter(fmt::format("The parameter RemoveFromVersionId can't be empty. Staging label {} is currently attached to version {}, so you must explicitly "
                                         "reference that version in RemoveFromVersionId.", move.stage, holder->id)));
  }
  if (!move.to && move.stage == kCurrent) {
    return Fail(BadParameter("You can only move staging label AWSCURRENT to a different secret version. It can’t be completely removed."));
  }
  if (!move.to) {
    TakeStage(secret, move.stage);
    return {};
  }
  return GiveStages(secret, *move.to, {move.stage});
}

Result<std::vector<std::string>> MakeRoom(SecretRow& secret) {
  std::vector<std::string> gone;
  while (secret.versions.size() >= kVersionsMax) {
    const auto oldest = std::ranges::find_if(secret.versions, [](const SecretVersion& version) { return version.stages.empty(); });
    if (oldest == secret.versions.end()) {
      return Fail(Error::Service("LimitExceededException", fmt::format("A secret has at most {} versions.", kVersionsMax)));
    }
    gone.push_back(oldest->id);
    secret.versions.erase(oldest);
  }
  return gone;
}

}  // namespace mayfly::secretsmanager
