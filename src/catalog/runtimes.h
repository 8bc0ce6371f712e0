// Runtime identifiers (AWS "Lambda runtimes") and the interpreters of this host that serve them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace mayfly::catalog {

enum class RuntimeFamily : unsigned char { Python, Node, Provided, Java, Ruby, Dotnet, Go };

// AWS deprecates a runtime, some time later refuses new functions with it, then changes of functions that have it; invocation
// goes on for ever. Dates as numbers, 20270201 for February 1, 2027; 0: not announced.
struct DeprecationDates {
  int deprecated = 0;
  int block_create = 0;
  int block_update = 0;
};

// One identifier that AWS has, or had.
struct RuntimeIdentifier {
  std::string_view name;  // "python3.12"
  RuntimeFamily family;
  int version;            // 312 for Python 3.12 and Ruby likewise, 2000 for Node 20, 17 for Java 17; comparable within the family
  DeprecationDates dates;
};
const std::vector<RuntimeIdentifier>& RuntimeIdentifiers();
const RuntimeIdentifier* FindRuntime(std::string_view name);

// An interpreter found on the host, or added by the operator.
struct Interpreter {
  RuntimeFamily family;
  int version = 0;           // as RuntimeIdentifier::version
  std::string full_version;  // "3.11.2"
  std::string host_path;     // "/usr/bin/python3.11"
  std::string cage_path;     // the same, or "/var/lang/bin/python3.12" when it lives outside /usr
  std::string host_root;     // what is bound at /var/lang; empty for /usr
  std::string class_archive; // of a JVM: classes of our client made ready, inside the cage; "" when there is none
  int root_index = 0;        // in the jail's table; 0 = none
  int zygote_index = 0;      // in the jail's table; 0 = none
};

// A container image that the operator added for one identifier: functions have it as their root.
struct RuntimeImage {
  const RuntimeIdentifier* identifier = nullptr;
  std::string reference;                 // by digest
  std::string tree;                      // its folder below DATA/runtimes
  std::vector<std::string> entry_point;  // empty: /var/runtime/bootstrap, as AWS's platform starts it; else the handler follows
  std::vector<std::string> environment;  // NAME=value
  int root_index = 0;                    // in the jail's table
};

// What serves one identifier here: an image, an interpreter, or for provided.* and go1.x, whose packages bring the program, neither.
struct RuntimeChoice {
  const RuntimeIdentifier* identifier = nullptr;
  const RuntimeImage* image = nullptr;
  const Interpreter* interpreter = nullptr;
  bool exact = false;                        // the interpreter's version is the identifier's
  // For INIT_START: "python:3.11.2", "python:3.11.2 (serves python3.14)", or of an image "dotnet8:sha256:0123456789ab".
  std::string description;
};

// "python", "nodejs", "java" …
std::string_view FamilyName(RuntimeFamily family);

// Names what runs, as AWS's RuntimeVersionArn does: the same interpreter version gives the same ARN.
std::string RuntimeVersionArn(std::string_view region, const RuntimeChoice& choice);

enum class RuntimeUse : unsigned char { Create, Update };

// Built once at start; immutable afterwards.
class RuntimeTable {
 public:
  enum class Mode : unsigned char { Nearest, Strict };
  enum class Deprecation : unsigned char { Enforce, Ignore };
  RuntimeTable(std::vector<Interpreter> interpreters, Mode mode, Deprecation deprecation = Deprecation::Enforce, std::vector<RuntimeImage> images = {})
      : interpreters_(std::move(interpreters)), images_(std::move(images)), mode_(mode), deprecation_(deprecation) {}

  // Whether a function may be created, or changed, with this runtime. Errors (Service): InvalidParameterValueException with
  // AWS's texts, for unknown identifiers and for those that AWS has blocked by `now`.
  Result<> CheckUse(std::string_view name, RuntimeUse use, WallTime now) const;
  // The identifiers that a new function may have by `now`, as AWS's messages list them: "nodejs24.x, python3.14, …".
  std::string AcceptedNames(WallTime now) const;
  // What runs a function, however old its runtime is. Errors (Service): InvalidParameterValueException with our own text and a
  // hint where no interpreter of this host can serve it (Strict: where none serves it exactly); NotImplementedException for .NET
  // where the host has none.
  Result<RuntimeChoice> Resolve(std::string_view name) const;
  const std::vector<Interpreter>& interpreters() const { return interpreters_; }
  const std::vector<RuntimeImage>& images() const { return images_; }

 private:
  bool IsBlocked(const RuntimeIdentifier& identifier, RuntimeUse use, WallTime now) const;

  std::vector<Interpreter> interpreters_;
  std::vector<RuntimeImage> images_;
  Mode mode_;
  Deprecation deprecation_;
};

}  // namespace mayfly::catalog
