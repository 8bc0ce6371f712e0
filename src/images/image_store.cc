#include "images/image_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <deque>
#include <map>

#include <fmt/format.h>

#include "base/files.h"
#include "base/json.h"
#include "base/real_loop.h"
#include "base/task_scope.h"
#include "resources/json_members.h"
#include "images/image_error.h"
#include "images/image_tree.h"
#include "images/image_layer.h"

namespace mayfly::images {
namespace {

constexpr int kBusyMax = 2;  // images that are brought at one time; further ones wait
constexpr size_t kDownloadsMax = 3;  // layers of one image that are fetched, or wait to be unpacked
constexpr int kThreads = 2 * kBusyMax;

// Other names when what is stored under them changes.
std::string LayerName(const std::string& diff_id) { return Sha256Hex("image layer 1\n" + diff_id); }
std::string TreeName(const std::string& digest) { return Sha256Hex("image tree 1\n" + digest); }

Result<> MakeFolder(const std::string& path) {
  if (::mkdir(path.c_str(), 0755) != 0) return Fail(Error::FromErrno("mkdir " + path, errno));
  return {};
}

Result<> WriteFile(const std::string& path, std::string_view bytes) {
  const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return Fail(Error::FromErrno("create " + path, errno));
  return WriteAll(file.get(), bytes, path);
}

// One wait for the whole folder instead of one for each of its files.
Result<> SyncFileSystem(const std::string& path) {
  const UniqueFd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder || ::syncfs(folder.get()) != 0) return Fail(Error::FromErrno("sync " + path, errno));
  return {};
}

// Blocks. `descriptor`: what the stored bytes must be; nothing where only the diff_id is known.
Result<> InstallLayer(packages::CodeStore& code, ByteSource& source, const Descriptor* descriptor, const std::string& diff_id, uint64_t bytes_max) {
  auto installed = code.PutFolder(LayerName(diff_id), [&](const std::string& folder) -> Result<> {
    const std::string files = folder + "/files";
    MF_TRY_VOID(MakeFolder(files));
    HashedBytes stored(source, descriptor ? static_cast<uint64_t>(descriptor->bytes) : kImageBytesMax * 2);
    MF_TRY(const Layer layer, UnpackLayer(stored, files, {.bytes_max = bytes_max}));
    MF_TRY(const std::string digest, stored.FinishDigest());
    if (descriptor && (digest != descriptor->digest || stored.bytes() != static_cast<uint64_t>(descriptor->bytes))) {
      return Fail(Invalid("a layer does not have its digest"));
    }
    if (layer.diff_id != diff_id) return Fail(Invalid("a layer does not have its diff_id"));
    MF_TRY_VOID(WriteFile(folder + "/list", WriteLayer(layer)));
    return SyncFileSystem(folder);
  });
  if (!installed) return Fail(std::move(installed).error());
  return {};
}

// Blocks. What the files of a stored layer have together.
Result<uint64_t> LayerBytes(const packages::CodeStore& code, const std::string& name) {
  MF_TRY(const std::string text, ReadFile(code.FolderOf(name) + "/list"));
  MF_TRY(const Layer layer, ReadLayer(std::string_view(text).substr(0, text.find('\0') + 1)));
  return layer.bytes;
}

// Blocks. The layers are there, and pinned.
Result<std::shared_ptr<const void>> InstallTree(packages::CodeStore& code, const std::string& tree_name, const std::vector<std::string>& diff_ids,
                                                const std::vector<std::string>& places) {
  return code.PutFolder(tree_name, [&](const std::string& folder) -> Result<> {
    ImageTree tree;
    std::vector<std::string> files;
    json::Array names;
    uint64_t bytes = 0;
    size_t entries = 0;
    for (const std::string& diff_id : diff_ids) {
      const std::string name = LayerName(diff_id);
      const std::string layer_folder = code.FolderOf(name);
      MF_TRY(const std::string text, ReadFile(layer_folder + "/list"));
      MF_TRY(const Layer layer, ReadLayer(text));
      bytes += layer.bytes;
      entries += layer.entries.size();
      if (bytes > kImageBytesMax || entries > LayerLimits().entries_max) return Fail(Invalid("larger than an image may be"));
      MF_TRY_VOID(tree.Cover(layer.entries));
      files.push_back(layer_folder + "/files");
      names.emplace_back(name);
    }
    tree.AddPlaces(places);
    const std::vector<std::string> extensions = tree.Extensions();
    MF_TRY_VOID(MakeFolder(folder + "/root"));
    MF_TRY_VOID(tree.Write(folder + "/root", files));
    json::Value facts;
    facts.Set("Layers", std::move(names));
    facts.Set("Extensions", json::Array(extensions.begin(), extensions.end()));
    MF_TRY_VOID(WriteFile(folder + "/image.json", json::Write(facts)));
    return SyncFileSystem(folder);
  });
}

}  // namespace

// One of kBusyMax places, and the only one that works at `tree`. Undone by its destructor.
class ImageStore::Busy {
 public:
  Busy(ImageStore& store, std::string tree) : store_(&store), tree_(std::move(tree)) {
    MF_ASSERT(store.busy_ < kBusyMax && !store.preparing_.contains(tree_));
    ++store.busy_;
    store.preparing_.insert(tree_);
  }
  ~Busy() {
    MF_ASSERT(store_->busy_ > 0 && store_->preparing_.contains(tree_));
    --store_->busy_;
    store_->preparing_.erase(tree_);
    store_->changed_.Pulse();
  }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;

 private:
  ImageStore* store_;
  std::string tree_;
};

// The layers of one image that have to be fetched: a few at once, ahead of whoever unpacks them. Its destructor ends what runs.
class ImageStore::Downloads {
 public:
  // Those that are not there, each once, in order. None of an image that is in files already.
  Downloads(ImageStore& store, Context& ctx, std::shared_ptr<const Opened> opened) : store_(&store), ctx_(ctx), opened_(std::move(opened)), scope_(*store.loop_) {
    std::set<std::string> seen;
    const std::vector<std::string>& diff_ids = opened_->image.config.diff_ids;
    progress_.layers = diff_ids.size();
    for (size_t layer = 0; opened_->registry && layer < diff_ids.size(); ++layer) {
      if (!seen.insert(diff_ids[layer]).second || store.code_->Pin(LayerName(diff_ids[layer]))) continue;
      waiting_.push_back(layer);
      progress_.bytes += opened_->image.manifest.layers[layer].bytes;
    }
    StartMore();
  }

  // Each layer once, lower ones first; those that are passed over are not wanted any more.
  Task<Result<UniqueFd>> Take(size_t layer) {
    running_.erase(running_.begin(), running_.lower_bound(layer));
    while (!waiting_.empty() && waiting_.front() < layer) waiting_.pop_front();
    StartMore();
    const auto found = running_.find(layer);
    if (found == running_.end()) co_return Fail(Error::Fault("a layer was deleted while its image was brought", "try again"));
    const auto slot = found->second;
    auto file = co_await slot->Take();
    running_.erase(layer);
    StartMore();
    co_return file;
  }
  void LayerIsThere() {
    MF_ASSERT(progress_.layers_done < progress_.layers);
    ++progress_.layers_done;
    Tell();
  }

 private:
  using Slot = OneShot<Result<UniqueFd>>;

  void StartMore() {
    while (running_.size() < kDownloadsMax && !waiting_.empty()) {
      const size_t layer = waiting_.front();
      waiting_.pop_front();
      auto slot = std::make_shared<Slot>(*store_->loop_);
      MF_ASSERT(!running_.contains(layer) && layer < opened_->image.manifest.layers.size());
      running_[layer] = slot;
      scope_.Spawn(Fetch(layer, std::move(slot)));
    }
  }
  Task<> Fetch(size_t layer, std::shared_ptr<Slot> slot) {
    int64_t told = 0;
    const auto on_bytes = [this, &told](int64_t received) {
      progress_.bytes_received += received - told;
      MF_ASSERT(received >= 0);
      told = received;
      Tell();
    };
    slot->Set(co_await store_->registry_.Download(ctx_, *opened_->registry, opened_->image.manifest.layers[layer], store_->options_.work_folder, on_bytes));
  }
  void Tell() const {
    if (store_->options_.on_progress) store_->options_.on_progress(progress_);
  }

  ImageStore* store_;
  Context ctx_;
  std::shared_ptr<const Opened> opened_;
  std::deque<size_t> waiting_;
  std::map<size_t, std::shared_ptr<Slot>> running_;  // or ended, and not taken yet
  Progress progress_;
  TaskScope scope_;
};

ImageStore::ImageStore(RealLoop& loop, packages::CodeStore& code, ImageStoreOptions options)
    : loop_(&loop),
      code_(&code),
      options_(std::move(options)),
      local_(options_.directory, options_.real_path),
      files_("mayfly-images", kThreads),
      registry_(loop, files_, options_.credentials),
      changed_(loop) {}

Task<Result<ImageStore::Opened>> ImageStore::Open(Context& ctx, std::string uri) {
  Opened opened;
  MF_CO_TRY(opened.reference, ParseImageUri(uri));
  if (opened.reference.transport == ImageReference::Transport::Registry) {
    MF_CO_TRY(RegistryPlace place, FindRegistry(opened.reference, options_.mirrors, options_.credentials, options_.asked_by));
    if (!place.local) {
      std::string wanted = opened.reference.digest;
      if (wanted.empty()) wanted = opened.reference.tag.empty() ? "latest" : opened.reference.tag;
      opened.registry = place;
      MF_CO_TRY(opened.image, co_await registry_.Open(ctx, std::move(place), std::move(wanted)));
      co_return opened;
    }
    opened.reference = std::move(*place.local);
  }
  MF_CO_TRY(opened.image, co_await files_.Run(*loop_, [local = local_, reference = opened.reference] { return local.Open(reference); }));
  co_return opened;
}

Task<Result<ImageDescription>> ImageStore::Resolve(Context& ctx, std::string uri) {
  strand_.Check();
  MF_CO_TRY(const ImageReference named, ParseImageUri(uri));
  MF_CO_TRY(Opened opened, co_await Open(ctx, uri));
  ImageDescription description{.resolved_uri = named.WithDigest(opened.image.digest), .digest = opened.image.digest,
                               .tree = TreeName(opened.image.digest), .config = std::move(opened.image.config)};
  co_return description;
}

Task<Result<>> ImageStore::BringLayer(std::shared_ptr<const Opened> opened, size_t layer, uint64_t bytes_max, Downloads& downloads) {
  const std::string& diff_id = opened->image.config.diff_ids[layer];
  if (opened->registry) {
    MF_CO_TRY(UniqueFd file, co_await downloads.Take(layer));
    auto source = std::make_shared<FileBytes>(std::move(file));
    co_return co_await files_.Run(*loop_, [code = code_, source, diff_id, bytes_max] { return InstallLayer(*code, *source, nullptr, diff_id, bytes_max); });
  }
  co_return co_await files_.Run(*loop_, [code = code_, local = local_, opened, layer, diff_id, bytes_max]() -> Result<> {
    MF_TRY(const std::unique_ptr<ByteSource> source, local.OpenLayer(opened->reference, opened->image, layer));
    const bool has_digest = opened->image.members.empty();
    return InstallLayer(*code, *source, has_digest ? &opened->image.manifest.layers[layer] : nullptr, diff_id, bytes_max);
  });
}

// Gives the bytes of the layer's files.
Task<Result<uint64_t>> ImageStore::EnsureLayer(std::shared_ptr<const Opened> opened, size_t layer, uint64_t bytes_max, Downloads& downloads,
                                               std::shared_ptr<const void>& pin) {
  const std::string name = LayerName(opened->image.config.diff_ids[layer]);
  pin = code_->Pin(name);
  if (!pin) {
    MF_CO_TRY_VOID(co_await BringLayer(opened, layer, bytes_max, downloads));
    pin = code_->Pin(name);
    if (!pin) co_return Fail(Error::Fault("a layer was deleted while it was stored", "try again"));
  }
  co_return co_await files_.Run(*loop_, [code = code_, name] { return LayerBytes(*code, name); });
}

Task<Result<std::shared_ptr<const void>>> ImageStore::Prepare(Context& ctx, std::string resolved_uri) {
  strand_.Check();
  MF_CO_TRY(const ImageReference reference, ParseImageUri(resolved_uri));
  if (reference.digest.empty()) co_return Fail(ImageError(kNotAReference, "not resolved: " + resolved_uri));
  const std::string tree = TreeName(reference.digest);
  for (;;) {
    if (auto pin = code_->Pin(tree)) co_return pin;
    if (busy_ < kBusyMax && !preparing_.contains(tree)) break;
    MF_CO_TRY_VOID(co_await changed_.Wait(ctx));
  }
  const Busy busy(*this, tree);
  MF_CO_TRY(Opened found, co_await Open(ctx, resolved_uri));
  if (found.image.digest != reference.digest) co_return Fail(ImageError(kMissing, "the image has changed: " + resolved_uri));
  const auto opened = std::make_shared<const Opened>(std::move(found));
  std::vector<std::shared_ptr<const void>> pins;
  uint64_t bytes_left = kImageBytesMax;
  Downloads downloads(*this, ctx, opened);
  for (size_t layer = 0; layer < opened->image.config.diff_ids.size(); ++layer) {
    std::shared_ptr<const void> pin;
    MF_CO_TRY(const uint64_t bytes, co_await EnsureLayer(opened, layer, bytes_left, downloads, pin));
    if (bytes > bytes_left) co_return Fail(Invalid("larger than an image may be"));
    bytes_left -= bytes;
    pins.push_back(std::move(pin));
    downloads.LayerIsThere();
  }
  co_return co_await files_.Run(*loop_, [code = code_, tree, pins = std::move(pins), opened, places = options_.places] {
    return InstallTree(*code, tree, opened->image.config.diff_ids, places);
  });
}

}  // namespace mayfly::images
