// HostForm: a form of the Hosts that mean a service (Service::hosts), taken apart.
//
//   sqs.REGION.*       REGION is a label that looks like a region's name; * at an end is one label or more
//   {Bucket}.s3.*      {NAME} at the beginning is one label or more, too: the part of the path that stands in the Host ("virtual hosts")
//
// Immutable, usable from any thread. Views the form's text. Hosts compare without case; they come without a port (WithoutPort).
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "wire/descriptor.h"

namespace mayfly::wire {

// "[::1]:80" is "[::1]", "f.example:80" is "f.example"; what names no port stays as it is. Not checked further.
std::string_view WithoutPort(std::string_view host);

class HostForm {
 public:
  explicit HostForm(std::string_view form);

  bool Fits(std::string_view host) const;
  bool has_label() const { return has_label_; }
  // What {NAME} stands for in `host`, as long as possible; nullopt where the host is not of this form.
  std::optional<std::string_view> LabelIn(std::string_view host) const;

 private:
  std::vector<std::string_view> labels_;  // without {NAME}
  bool has_label_;
};

std::vector<HostForm> HostFormsOf(const Service& service);

}  // namespace mayfly::wire
