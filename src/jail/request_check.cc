#include "jail/request_check.h"

#include <string.h>

#include "base/text.h"

namespace mayfly::jail {
namespace {

using sandbox::JailOperation;
using sandbox::JailRequest;

// The fields that an operation may use.
struct Uses {
  bool cage, process, limits, zygote;
  uint32_t flags;
  int descriptors;
};

constexpr uint32_t kAssignFlags = sandbox::kHasLayers | sandbox::kImageRoot | sandbox::kHasFileSystem | sandbox::kOwnTrees;

bool UsesOf(JailOperation operation, Uses& uses) {
  switch (operation) {
    case JailOperation::MakeCage: uses = {false, false, false, false, sandbox::kWantEndpoint, 0}; return true;
    case JailOperation::Assign: uses = {true, false, true, false, kAssignFlags, 0}; return true;
    case JailOperation::Exec: uses = {true, true, false, false, sandbox::kWithLogPipe, 3}; return true;
    case JailOperation::Fork: uses = {true, true, false, true, 0, 3}; return true;
    case JailOperation::KillAll: uses = {true, false, false, false, 0, 0}; return true;
    case JailOperation::Terminate: uses = {true, true, false, false, sandbox::kWithKill, 0}; return true;
    case JailOperation::Destroy: uses = {true, false, false, false, 0, 0}; return true;
    case JailOperation::StartZygote: uses = {false, false, false, true, 0, 0}; return true;
    case JailOperation::StopZygote: uses = {false, false, false, true, 0, 0}; return true;
    case JailOperation::MakeSocket: uses = {true, false, false, false, 0, 0}; return true;
  }
  return false;
}

bool IsZero(const uint8_t (&bytes)[32]) {
  constexpr uint8_t kZero[32] = {};
  return memcmp(bytes, kZero, sizeof kZero) == 0;
}

bool LimitsAreWellFormed(const JailRequest& request) {
  return request.memory_bytes >= sandbox::kMemoryBytesMin && request.memory_bytes <= sandbox::kMemoryBytesMax &&
         request.tmp_bytes >= sandbox::kTmpBytesMin && request.tmp_bytes <= sandbox::kTmpBytesMax && request.processes_max >= 1 &&
         request.processes_max <= sandbox::kProcessesMax && request.root_index <= sandbox::kIndexMax;
}

bool HasNoLimits(const JailRequest& request) {
  return request.memory_bytes == 0 && request.tmp_bytes == 0 && request.processes_max == 0 && request.root_index == 0 && request.processors == 0 && IsZero(request.code);
}

bool IsMountName(const char (&name)[sandbox::kMountNameBytes]) {
  size_t size = 0;
  for (; size < sizeof name && name[size] != 0; ++size) {
    const char c = name[size];
    if (!IsAlphanumeric(c) && c != '-' && c != '_' && c != '.') return false;
  }
  if (size == 0 || size == sizeof name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) return false;
  for (size_t rest = size; rest < sizeof name; ++rest) {
    if (name[rest] != 0) return false;
  }
  return true;
}

bool HasNoMount(const JailRequest& request) {
  constexpr char kNone[sizeof request.mount_name] = {};
  return request.file_system == 0 && memcmp(request.mount_name, kNone, sizeof kNone) == 0;
}

bool IsAssignment(const JailRequest& request) {
  const bool image = (request.flags & sandbox::kImageRoot) != 0;
  if (image && request.root_index == 0 && (request.flags & sandbox::kHasLayers) != 0) return false;
  if ((request.flags & sandbox::kHasFileSystem) == 0) return HasNoMount(request);
  return request.file_system >= 1 && request.file_system <= sandbox::kIndexMax && IsMountName(request.mount_name);
}

}  // namespace

bool IsWellFormed(const JailRequest& request, int descriptors) {
  Uses uses{};
  if (request.version != sandbox::kJailProtocolVersion || request.sequence == 0 || request.reserved != 0) return false;
  if (!UsesOf(request.operation, uses)) return false;
  if (descriptors != uses.descriptors + ((request.flags & sandbox::kWithLogPipe) != 0 ? 1 : 0)) return false;
  if (uses.cage != (request.cage != 0) || uses.process != (request.process != 0)) return false;
  if (uses.zygote ? request.zygote_index == 0 || request.zygote_index > sandbox::kIndexMax : request.zygote_index != 0 || request.zygote_group != 0) return false;
  if ((request.flags & ~uses.flags) != 0) return false;
  if ((request.flags & sandbox::kHasLayers) == 0 && !IsZero(request.layers)) return false;
  return uses.limits ? LimitsAreWellFormed(request) && IsAssignment(request) : HasNoLimits(request) && HasNoMount(request);
}

}  // namespace mayfly::jail
