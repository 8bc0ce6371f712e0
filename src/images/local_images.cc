#include "images/local_images.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>

#include <fmt/format.h>

#include "images/image_error.h"

namespace mayfly::images {
namespace {

using Transport = ImageReference::Transport;

constexpr int kIndexNestingMax = 4;

Error OpenFailure(const std::string& what, int error) {
  if (error == ENOENT || error == ENOTDIR) return ImageError(kMissing, "there is no " + what);
  if (error == EACCES || error == EPERM || error == ELOOP || error == EXDEV) return ImageError(kAccessDenied, what + " may not be read");
  return Error::FromErrno("open " + what, error);
}

std::string BlobName(std::string_view digest) { return fmt::format("blobs/sha256/{}", HexOf(digest)); }

}  // namespace

// A layout or an archive: names that lead to bytes.
class LocalImages::Container {
 public:
  std::function<Result<std::unique_ptr<ByteSource>>(const std::string& name)> open;

  Result<std::string> Read(const std::string& name, size_t bytes_max) const {
    MF_TRY(const std::unique_ptr<ByteSource> source, open(name));
    return ReadAll(*source, bytes_max);
  }
  Result<std::string> ReadBlob(const Descriptor& descriptor, size_t bytes_max) const {
    MF_TRY(std::string text, Read(BlobName(descriptor.digest), bytes_max));
    MF_TRY_VOID(CheckBlob(text, descriptor));
    return text;
  }
};

Result<SourceImage> MakeSourceImage(std::string digest, Manifest manifest, std::string_view config_text) {
  SourceImage image{.digest = std::move(digest), .manifest = std::move(manifest), .config = {}, .members = {}};
  MF_TRY(image.config, ParseImageConfig(config_text));
  if (image.config.diff_ids.size() != image.manifest.layers.size()) return Fail(Invalid("manifest and configuration differ in their layers"));
  return image;
}

Result<> CheckBlob(std::string_view text, const Descriptor& descriptor) {
  if (descriptor.bytes > 0 && text.size() != static_cast<uint64_t>(descriptor.bytes)) return Fail(Invalid("a part of the image is not as long as it should be"));
  if (Sha256Hex(text) != HexOf(descriptor.digest)) return Fail(Invalid("a part of the image does not have its digest"));
  return {};
}

LocalImages::LocalImages(const std::string& directory, std::string real_path) : directory_(directory), real_path_(std::move(real_path)) {}

Result<UniqueFd> LocalImages::OpenBelow(int folder, const std::string& path, int flags) const {
  open_how how{};
  how.flags = static_cast<uint64_t>(flags | O_CLOEXEC | O_NOFOLLOW);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  UniqueFd file(static_cast<int>(::syscall(SYS_openat2, folder, path.c_str(), &how, sizeof how)));
  if (!file) return Fail(OpenFailure(path, errno));
  return file;
}

Result<LocalImages::Container> LocalImages::OpenContainer(const ImageReference& reference) const {
  std::string path = reference.location;
  if (path.starts_with('/')) {
    if (!path.starts_with(real_path_ + '/')) return Fail(ImageError(kNotAReference, "not below the directory of images, " + real_path_));
    path = path.substr(real_path_.size() + 1);
  }
  const UniqueFd directory(::open(directory_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return Fail(OpenFailure(real_path_, errno));
  if (reference.transport == Transport::OciLayout) {
    MF_TRY(UniqueFd layout, OpenBelow(directory.get(), path, O_PATH | O_DIRECTORY));
    Container container;
    container.open = [this, layout = std::make_shared<UniqueFd>(std::move(layout))](const std::string& name) -> Result<std::unique_ptr<ByteSource>> {
      MF_TRY(UniqueFd file, OpenBelow(layout->get(), name, O_RDONLY));
      return std::unique_ptr<ByteSource>(std::make_unique<FileBytes>(std::move(file)));
    };
    return container;
  }
  MF_TRY(UniqueFd archive, OpenBelow(directory.get(), path, O_RDONLY));
  Container container;
  container.open = [this, path, directory = std::make_shared<UniqueFd>(::dup(directory.get()))](const std::string& name) -> Result<std::unique_ptr<ByteSource>> {
    MF_TRY(UniqueFd file, OpenBelow(directory->get(), path, O_RDONLY));
    return OpenMember(std::move(file), name);
  };
  return container;
}

namespace {

template <typename Container>
Result<SourceImage> OpenLayout(const Container& container, const ImageReference& reference) {
  Descriptor wanted{.media_type = {}, .digest = reference.digest, .bytes = 0};
  std::string_view tag = reference.tag;
  if (wanted.digest.empty()) {
    MF_TRY(const std::string text, container.Read("index.json", kManifestBytesMax));
    MF_TRY(const Document index, ParseDocument(text));
    if (!index.is_index) return Fail(Invalid("index.json is no index"));
    const IndexEntry* entry = ChooseEntry(index.entries, tag);
    if (!entry) return Fail(ImageError(kMissing, "the layout has no such image"));
    wanted = entry->manifest;
  }
  for (int nesting = 0; nesting < kIndexNestingMax; ++nesting) {
    MF_TRY(const std::string text, container.ReadBlob(wanted, kManifestBytesMax));
    MF_TRY(Document document, ParseDocument(text));
    if (!document.is_index) {
      MF_TRY(const std::string config, container.ReadBlob(document.manifest.config, kConfigBytesMax));
      return MakeSourceImage(wanted.digest, std::move(document.manifest), config);
    }
    const IndexEntry* entry = ChooseEntry(document.entries, "");
    if (!entry) return Fail(ImageError(kUnsupported, "the image is not for linux/amd64"));
    wanted = entry->manifest;
  }
  return Fail(Invalid("indices in indices"));
}

bool HasTag(const SavedImage& image, const std::string& tag) {
  return tag.empty() || std::find(image.tags.begin(), image.tags.end(), tag) != image.tags.end();
}

template <typename Container>
Result<SourceImage> OpenSaved(const Container& container, const ImageReference& reference) {
  MF_TRY(const std::string text, container.Read("manifest.json", kManifestBytesMax));
  MF_TRY(const std::vector<SavedImage> saved, ParseSavedImages(text));
  if (reference.tag.empty() && reference.digest.empty() && saved.size() > 1) {
    return Fail(ImageError(kMissing, "the archive holds several images: add :NAME:TAG"));
  }
  for (const SavedImage& candidate : saved) {
    if (reference.digest.empty() && !HasTag(candidate, reference.tag)) continue;
    MF_TRY(const std::string config, container.Read(candidate.config, kConfigBytesMax));
    std::string digest = "sha256:" + Sha256Hex(config);
    if (!reference.digest.empty() && digest != reference.digest) continue;
    Manifest manifest;
    manifest.layers.resize(candidate.layers.size());
    MF_TRY(SourceImage image, MakeSourceImage(std::move(digest), std::move(manifest), config));
    image.members = candidate.layers;
    return image;
  }
  return Fail(ImageError(kMissing, "the archive has no such image"));
}

}  // namespace

Result<SourceImage> LocalImages::Open(const ImageReference& reference) const {
  MF_TRY(const Container container, OpenContainer(reference));
  return reference.transport == Transport::DockerArchive ? OpenSaved(container, reference) : OpenLayout(container, reference);
}

Result<std::unique_ptr<ByteSource>> LocalImages::OpenLayer(const ImageReference& reference, const SourceImage& image, size_t layer) const {
  MF_TRY(const Container container, OpenContainer(reference));
  return container.open(image.members.empty() ? BlobName(image.manifest.layers[layer].digest) : image.members[layer]);
}

}  // namespace mayfly::images
