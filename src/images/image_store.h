// ImageStore: from an ImageUri to a folder that can be the root of a cage.
//
// One per daemon, on its strand; what blocks runs on threads of its own, two images at a time. Of a registry's image three layers that are not
// there already are fetched at once; a layer is unpacked, in order, once all of it has come and has its digest. Layers and trees live in the
// code store beside packages, by names that are SHA-256 sums:
//   <layer>/files/0 1 2 …   <layer>/list                    one layer (layer.h), by its diff_id
//   <tree>/root/            <tree>/image.json               what the layers of one image make together, mounted as a root
// Both are there whole or not at all, also after a crash, and are durable when they are there. A layer is unpacked once for all
// images that have it; trees are hard links to its files.
//
// Limits: kImageBytesMax unpacked, kLayersMax layers, 1,000,000 entries.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/blocking_pool.h"
#include "base/event.h"
#include "base/strand.h"
#include "packages/code_package.h"
#include "images/local_images.h"
#include "images/registry.h"

namespace mayfly::images {

// How far a bringing has come.
struct Progress {
  size_t layers_done = 0;
  size_t layers = 0;
  int64_t bytes_received = 0;  // from a registry
  int64_t bytes = 0;           // of the layers that are not there already
};

struct ImageStoreOptions {
  std::string directory;    // for oci:, oci-archive:, docker-archive:
  std::string real_path;    // of it, as absolute URIs name it
  std::string work_folder;  // for layers on their way; on the file system of the code store or not
  std::vector<RegistryMirror> mirrors;
  RegistryCredentials credentials;
  AskedBy asked_by = AskedBy::Caller;
  std::vector<std::string> places;  // folders that trees get besides the usual ones (ImageTree::AddPlaces)
  std::function<void(const Progress&)> on_progress;  // null: nobody wants to know
};

// What a URI means now.
struct ImageDescription {
  std::string resolved_uri;  // by digest: means the same for ever
  std::string digest;        // sha256:…
  std::string tree;          // its name in the code store; it need not be there yet
  ImageConfig config;
};

class ImageStore {
 public:
  ImageStore(RealLoop& loop, packages::CodeStore& code, ImageStoreOptions options);

  // Reads manifest and configuration, no layers. Errors: image_error.h; Fault.
  Task<Result<ImageDescription>> Resolve(Context& ctx, std::string uri);
  // Makes the tree of a resolved URI be there, durable, and pins it; brings layers that are missing. Errors as Resolve.
  // Several at once for one tree do the work once.
  Task<Result<std::shared_ptr<const void>>> Prepare(Context& ctx, std::string resolved_uri);

 private:
  struct Opened {
    ImageReference reference;
    std::optional<RegistryPlace> registry;  // else local
    SourceImage image;
  };
  class Busy;
  class Downloads;
  Task<Result<Opened>> Open(Context& ctx, std::string uri);
  Task<Result<>> BringLayer(std::shared_ptr<const Opened> opened, size_t layer, uint64_t bytes_max, Downloads& downloads);
  Task<Result<uint64_t>> EnsureLayer(std::shared_ptr<const Opened> opened, size_t layer, uint64_t bytes_max, Downloads& downloads,
                                     std::shared_ptr<const void>& pin);

  Strand strand_;
  RealLoop* loop_;
  packages::CodeStore* code_;
  ImageStoreOptions options_;
  LocalImages local_;
  BlockingPool files_;
  Registry registry_;
  int busy_ = 0;
  std::set<std::string> preparing_;  // trees
  Event changed_;
};

}  // namespace mayfly::images
