#include "images/image_options.h"

namespace mayfly::images {

OptionGroup OptionsOf(ImageOptions& images) {
  OptionGroup group("Container images");
  group.Text("image-directory", images.directory,
             "folder of container images for oci:, oci-archive: and docker-archive: (default: images in the data directory)");
  group.Texts("registry-mirror", images.registry_mirrors,
              "where images of a registry's host really come from: HOST=http(s)://HOST[:PORT][/PREFIX] or HOST=oci:PATH; '*' in HOST stands for letters");
  group.Text("registry-credentials", images.registry_credentials, "file with credentials for registries, as 'docker login' writes it");
  return group;
}

}  // namespace mayfly::images
