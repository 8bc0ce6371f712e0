#include "services/lambda/revisions.h"

#include "base/random.h"
#include "catalog/function_catalog.h"

namespace mayfly::lambda {
namespace {

constexpr std::string_view kCreating = "The function is being created.";

void ClearUpdateStatus(catalog::Function& function) {
  function.last_update_status.clear();
  function.last_update_status_reason.clear();
  function.last_update_status_reason_code.clear();
}

}  // namespace

void Revisions::Touch(catalog::Function& function) {
  function.last_modified = FormatLambdaTime(clock_.WallNow());
  function.revision_id = random_.Uuid();
}

void Revisions::MarkCreated(catalog::Function& function) {
  MF_ASSERT(function.is_latest());
  Touch(function);
  function.SetContentId(random_.Uuid());
  MarkPending(function);
}

void Revisions::MarkPending(catalog::Function& version) {
  version.state = "Pending";
  version.state_reason = kCreating;
  version.state_reason_code = "Creating";
  ClearUpdateStatus(version);
  MF_ASSERT(!version.is_settled());
}

void Revisions::MarkUpdating(catalog::Function& function) {
  MF_ASSERT(function.is_latest() && function.is_settled());
  Touch(function);
  function.SetContentId(random_.Uuid());
  function.last_update_status = "InProgress";
  function.last_update_status_reason = kCreating;
  function.last_update_status_reason_code = "Creating";
  MF_ASSERT(!function.is_settled());
}

catalog::Function Revisions::MakeVersion(catalog::Function& latest, const std::optional<std::string>& description) {
  MF_ASSERT(latest.is_latest());
  catalog::Function version = latest;
  version.published_sha256 = latest.ContentSha256();
  version.version = std::to_string(++latest.last_version);
  latest.revision_id = random_.Uuid();
  version.last_version = 0;
  version.tags.clear();
  version.TakeNextImage();
  Touch(version);
  version.SetContentId(latest.content_id);
  if (description) version.description = *description;
  MF_ASSERT(!version.is_latest());
  return version;
}

void Revisions::MarkSettled(catalog::Function& function) {
  MF_ASSERT(!function.is_settled());
  if (function.is_latest()) function.revision_id = random_.Uuid();
  if (function.next_image) {
    function.TakeNextImage();
    function.SetContentId(random_.Uuid());
  }
  function.state = "Active";
  function.state_reason.clear();
  function.state_reason_code.clear();
  ClearUpdateStatus(function);
  function.last_update_status = "Successful";
  MF_ASSERT(function.is_settled() && !function.next_image);
}

void Revisions::MarkFailed(catalog::Function& function, const Failure& failure) {
  MF_ASSERT(!function.is_settled() && !failure.code.empty());
  if (function.is_latest()) function.revision_id = random_.Uuid();
  if (function.state == "Pending") {
    function.state = "Failed";
    function.state_reason = failure.reason;
    function.state_reason_code = failure.code;
  } else {
    function.next_image.reset();
    function.last_update_status = "Failed";
    function.last_update_status_reason = failure.reason;
    function.last_update_status_reason_code = failure.code;
  }
  MF_ASSERT(function.is_settled());
}

catalog::FunctionPointer PublishedAs(const catalog::FunctionCatalog& catalog, const catalog::Function& latest) {
  catalog::FunctionPointer newest = catalog.NewestVersion(latest.name);
  return newest && newest->published_sha256 == latest.ContentSha256() ? newest : nullptr;
}

}  // namespace mayfly::lambda
