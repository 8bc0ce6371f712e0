// Premises: what Lambda needs of the machine and of the daemon beyond services::Commons: its options, what was found and opened as
// root, and how the world outside reaches and is reached. mayflyd fills it in; the service takes from it while it opens.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/task.h"
#include "catalog/catalog_options.h"
#include "catalog/file_systems.h"
#include "images/image_options.h"
#include "images/registry_rules.h"
#include "identity/organizations.h"
#include "invoke/invoke_options.h"
#include "net/http_message.h"
#include "packages/package_options.h"
#include "runtime/endpoint_caller.h"
#include "runtime/runtime_options.h"
#include "sandbox/jail_client.h"
#include "sources/poller_options.h"

namespace mayfly::catalog {
struct Function;
struct FunctionUrl;
struct LayerVersion;
}  // namespace mayfly::catalog

namespace mayfly::uplink {
class AddressHolders;
}

namespace mayfly::lambda {

struct Settings {
  runtime::RuntimeOptions runtime;
  invoke::InvokeOptions invoke;
  sources::PollerOptions pollers;
  catalog::CatalogOptions catalog;
  packages::PackageOptions packages;
  images::ImageOptions images;
  // Of the API itself.
  int64_t code_storage_bytes_max = 300ll << 30;  // zips of functions and layers, per account and region
  int unreserved_concurrency_min = 100;
  Duration update_delay{};        // how long a new or updated function stays Pending or InProgress
  double control_plane_rate = 0;  // 0: no limit
};
// The rows of all of these, group by group.
std::vector<OptionGroup> OptionsOf(Settings& settings);

struct Premises {
  Settings settings;

  // --- found as root; each is taken once ---
  sandbox::JailProcess jail;
  uplink::AddressHolders* network = nullptr;  // outlives the service
  std::optional<catalog::RuntimeTable> runtimes;
  std::vector<catalog::FileSystem> file_systems;
  std::vector<images::RegistryMirror> registry_mirrors;
  images::RegistryCredentials registry_credentials;
  std::optional<identity::SigningIdentity> s3_keys;
  identity::Organizations organizations;
  std::string real_data_path;  // of Commons::data_path, as everybody else sees it
  // Between attempts at an event that was throttled: as the lanes have it.
  Duration event_backoff_min = std::chrono::seconds(1);
  Duration event_backoff_max = std::chrono::minutes(5);

  // --- the daemon around it ---
  // URLs that give a package for ten minutes: GetFunction's Code.Location, and Content.Location of a layer version.
  std::function<std::string(const catalog::Function&)> download_url;
  std::function<std::string(const catalog::LayerVersion&)> layer_download_url;
  // Where a function URL answers: "http://ID.lambda-url.REGION.localhost:4566/".
  std::function<std::string(const catalog::FunctionUrl&)> function_url;
  // Serves a request from inside an environment (runtime::FunctionEndpoint).
  std::function<Task<http::Response>(Context&, http::Request&, const runtime::EndpointCaller& caller)> handle_from_function;
  std::function<http::Response(const http::Request& skimmed)> refuse_head;
  // The jail has died: nothing can run any more.
  std::function<void()> on_jail_death;
};

}  // namespace mayfly::lambda
