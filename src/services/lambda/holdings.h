// Holdings: what there is of functions and layers: their rows, their code, and where it comes from.
//
// One per daemon, made by the service (service.h) before what runs functions; on the daemon's strand.
#pragma once

#include "catalog/access.h"
#include "catalog/concurrency_ledger.h"
#include "catalog/file_systems.h"
#include "catalog/function_catalog.h"
#include "catalog/function_url_index.h"
#include "catalog/layer_catalog.h"
#include "images/image_store.h"
#include "images/package_collector.h"
#include "packages/signing_profiles.h"
#include "services/commons.h"
#include "services/lambda/premises.h"

namespace mayfly::lambda {

struct Holdings {
  // Makes DATA/code when it is not there. Error: a fault of the disk.
  static Result<std::unique_ptr<Holdings>> Make(const services::Commons& commons, Premises& premises, packages::OwnBuckets& buckets);
  Holdings(const services::Commons& commons, Premises& premises, packages::OwnBuckets& buckets, std::unique_ptr<packages::CodeStore> code);
  // Reads the rows. Error: a fault of the store.
  Task<Result<>> Open(Context& ctx);

  std::unique_ptr<packages::CodeStore> code;
  catalog::Tables tables;
  catalog::ConcurrencyLedger ledger{tables};
  catalog::FunctionUrlIndex urls{tables};
  catalog::FunctionCatalog functions;
  catalog::LayerCatalog layers{tables};
  catalog::RuntimeTable runtimes;
  catalog::FileSystemTable file_systems;
  catalog::Access access;
  packages::SigningProfiles signing_profiles;
  std::unique_ptr<packages::CodeSource> code_source;
  images::ImageStore images;
  images::PackageCollector collector;
};

}  // namespace mayfly::lambda
