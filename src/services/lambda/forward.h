// What the handlers of this room work with, by name only: their headers are included by few, and cheap to include.
#pragma once

#include <memory>

namespace mayfly {
class BlockingPool;
class Random;
}  // namespace mayfly
namespace mayfly::catalog {
class Access;
class ConcurrencyLedger;
class FileSystemTable;
class FunctionCatalog;
class LayerCatalog;
class RuntimeTable;
struct Alias;
struct EventInvokeConfig;
struct EventSourceMapping;
struct Function;
struct FunctionName;
struct FunctionReference;
struct FunctionUrl;
struct LayerVersion;
struct LayerVersionName;
struct ProvisionedConcurrency;
struct SettingOwner;
struct Tables;
using FunctionPointer = std::shared_ptr<const Function>;
}  // namespace mayfly::catalog
namespace mayfly::images {
class ImageStore;
}
namespace mayfly::invoke {
class EventQueue;
class Invoker;
class LoopGuard;
class Provisioner;
}  // namespace mayfly::invoke
namespace mayfly::packages {
class CodeSource;
class CodeStore;
class SigningProfiles;
}  // namespace mayfly::packages
namespace mayfly::resources {
class Change;
}
namespace mayfly::sources {
class QueueSource;
}

namespace mayfly::lambda {
class CodeIntake;
class CodeQuota;
class FunctionImages;
class FunctionLayers;
class FunctionViews;
class FunctionVpcs;
class MappingSettling;
class Revisions;
class Settling;
struct FoundFunction;
}  // namespace mayfly::lambda
