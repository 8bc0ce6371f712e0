// FunctionImages: container images as the code of functions: what an ImageUri means, and bringing what a function waits for.
//
// One per daemon, on its strand. AWS's words for images that cannot be used are here; fetching and keeping them is images::ImageStore.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/context.h"
#include "base/task.h"
#include "catalog/function.h"
#include "services/lambda/forward.h"
#include "services/lambda/revisions.h"

namespace mayfly::lambda {

class FunctionImages {
 public:
  // `images` outlives this.
  explicit FunctionImages(images::ImageStore& images) : images_(images) {}

  // What the request's ImageUri means now. Errors: InvalidParameterValueException, with AWS's texts.
  Task<Result<catalog::FunctionImage>> Resolve(Context& ctx, std::string uri);

  // Brings the image that a function waits for, and pins it. Errors: Cancelled; none otherwise: a failure is a value.
  struct Brought {
    std::shared_ptr<const void> pin;
    std::optional<Revisions::Failure> failure;
  };
  Task<Result<Brought>> Bring(Context& ctx, catalog::FunctionPointer function);

 private:
  images::ImageStore& images_;
};

}  // namespace mayfly::lambda
