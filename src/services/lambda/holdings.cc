#include "services/lambda/holdings.h"

#include "base/real_loop.h"

namespace mayfly::lambda {
namespace {

images::ImageStoreOptions MakeImageStoreOptions(const services::Commons& commons, Premises& premises) {
  const std::string& directory = premises.settings.images.directory;
  return {.directory = directory.empty() ? commons.data_path + "/images" : directory,
          .real_path = directory.empty() ? premises.real_data_path + "/images" : directory,
          .work_folder = commons.data_path + "/code",
          .mirrors = std::move(premises.registry_mirrors),
          .credentials = std::move(premises.registry_credentials)};
}

}  // namespace

Result<std::unique_ptr<Holdings>> Holdings::Make(const services::Commons& commons, Premises& premises, packages::OwnBuckets& buckets) {
  MF_TRY(auto code, packages::CodeStore::Open(commons.data_path + "/code"));
  return std::make_unique<Holdings>(commons, premises, buckets, std::move(code));
}

Holdings::Holdings(const services::Commons& commons, Premises& premises, packages::OwnBuckets& buckets, std::unique_ptr<packages::CodeStore> code)
    : code(std::move(code)),
      tables(*commons.store),
      functions(*commons.loop, tables),
      runtimes(std::move(premises.runtimes).value()),
      file_systems(std::move(premises.file_systems)),
      access(tables, *commons.identities, *commons.calendar, std::move(premises.organizations)),
      signing_profiles(commons.data_path + "/signing-profiles"),
      code_source(packages::MakeCodeSource(*commons.loop, *commons.files, buckets, premises.settings.packages, commons.data_path, std::move(premises.s3_keys))),
      images(*commons.loop, *this->code, MakeImageStoreOptions(commons, premises)),
      collector(*commons.loop, *commons.files, *this->code, functions, layers) {}

Task<Result<>> Holdings::Open(Context& ctx) {
  MF_CO_TRY_VOID(co_await tables.all.Open(ctx));
  urls.Open();
  MF_CO_TRY_VOID(co_await functions.Open(ctx));
  layers.Open();
  co_return Result<>();
}

}  // namespace mayfly::lambda
