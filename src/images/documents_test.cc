// References, manifests, configurations, challenges: what strangers write.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "images/image_error.h"
#include "images/manifest.h"
#include "images/reference.h"
#include "images/registry_rules.h"

namespace mayfly::images {
namespace {

using Transport = ImageReference::Transport;
const std::string kDigest = "sha256:" + std::string(64, 'a');

TEST(Reference, IsTakenApart) {  // else another image is fetched than was named
  auto ecr = ParseImageUri("123456789012.dkr.ecr.us-east-1.amazonaws.com/team/app:v1@" + kDigest);
  ASSERT_TRUE(ecr);
  EXPECT_EQ(ecr->location, "123456789012.dkr.ecr.us-east-1.amazonaws.com");
  EXPECT_EQ(ecr->repository, "team/app");
  EXPECT_EQ(ecr->tag, "v1");
  EXPECT_EQ(ecr->digest, kDigest);
  EXPECT_EQ(ecr->WithDigest(kDigest), "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/app@" + kDigest);
  auto port = ParseImageUri("localhost:5000/a");
  ASSERT_TRUE(port);
  EXPECT_EQ(port->location, "localhost:5000");
  EXPECT_EQ(port->tag, "");
  auto saved = ParseImageUri("docker-archive:dir/app.tar:name:tag");
  ASSERT_TRUE(saved);
  EXPECT_EQ(saved->transport, Transport::DockerArchive);
  EXPECT_EQ(saved->location, "dir/app.tar");
  EXPECT_EQ(saved->tag, "name:tag");
  auto layout = ParseImageUri("oci:/a/b:1");
  ASSERT_TRUE(layout);
  EXPECT_EQ(layout->location, "/a/b");
}

TEST(Reference, RefusesWhatIsNone) {  // else a path leads out of the directory, or a URL somewhere else
  for (const std::string uri : {"", "app", "app:latest", "a/b:c", "example.com/", "example.com/A", "example.com/a:", "example.com/a//b", "example.com/-a",
                                "example.com/a@sha256:1", "example.com/a b", "exa mple.com/a", "u@example.com/a", "example.com:99999999/a", "oci:", "oci:../a",
                                "oci:a/../b", "oci:a/./b", "oci:a//b", "oci:a:", "oci:/", "docker-archive:a\nb", "oci:a:../b", "example.com/a:../../x"}) {
    EXPECT_FALSE(ParseImageUri(uri).has_value()) << uri;
  }
}

std::string ManifestText(std::string_view layer_type, int layers = 1) {
  std::string list;
  for (int i = 0; i < layers; ++i) list += fmt::format(R"({}{{"mediaType":"{}","digest":"{}","size":5}})", i ? "," : "", layer_type, kDigest);
  return fmt::format(R"({{"schemaVersion":2,"config":{{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{}","size":3}},"layers":[{}]}})",
                     kDigest, list);
}

TEST(Manifest, OfBothKinds) {
  auto document = ParseDocument(ManifestText("application/vnd.oci.image.layer.v1.tar+zstd"));
  ASSERT_TRUE(document) << document.error().message;
  EXPECT_FALSE(document->is_index);
  EXPECT_EQ(document->manifest.layers.at(0).bytes, 5);
  EXPECT_TRUE(ParseDocument(ManifestText("application/vnd.docker.image.rootfs.diff.tar.gzip")));
  EXPECT_EQ(ParseDocument(ManifestText("application/vnd.in-toto+json")).error().code, kUnsupported);
  EXPECT_EQ(ParseDocument(ManifestText("application/vnd.oci.image.layer.v1.tar", 128)).error().code, kUnsupported);
  EXPECT_EQ(ParseDocument(R"({"schemaVersion":1,"fsLayers":[]})").error().code, kUnsupported);
  for (const char* text : {"", "[]", "{", R"({"schemaVersion":2})", R"({"schemaVersion":2,"config":{"digest":"sha256:../../x","size":1},"layers":[]})"}) {
    EXPECT_FALSE(ParseDocument(text).has_value()) << text;
  }
}

TEST(Manifest, OfAnIndexTheOneForThisMachine) {  // else an image of another machine, or an attestation, is run
  const auto entry = [](std::string os, std::string architecture, std::string name, char digit) {
    return IndexEntry{{.media_type = {}, .digest = "sha256:" + std::string(64, digit), .bytes = 1}, std::move(os), std::move(architecture), std::move(name)};
  };
  const std::vector<IndexEntry> entries = {entry("unknown", "unknown", "a", '0'), entry("linux", "arm64", "a", '1'), entry("linux", "amd64", "a", '2'),
                                           entry("linux", "amd64", "b", '3')};
  EXPECT_EQ(ChooseEntry(entries, "")->manifest.digest[7], '2');
  EXPECT_EQ(ChooseEntry(entries, "b")->manifest.digest[7], '3');
  EXPECT_EQ(ChooseEntry(entries, "c"), nullptr);
  EXPECT_EQ(ChooseEntry({entries[1]}, ""), nullptr);
  EXPECT_NE(ChooseEntry({entry("", "", "", '4')}, "any"), nullptr);
}

TEST(Config, WhatRunsAndWhereItFits) {
  auto config = ParseImageConfig(fmt::format(R"({{"architecture":"amd64","os":"linux","config":{{"Entrypoint":["/a"],"Cmd":null,"Env":["A=b"],)"
                                             R"("WorkingDir":"/w"}},"rootfs":{{"diff_ids":["{}"]}}}})", kDigest));
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->entry_point, std::vector<std::string>{"/a"});
  EXPECT_TRUE(config->command.empty());
  EXPECT_EQ(config->working_directory, "/w");
  EXPECT_EQ(ParseImageConfig(R"({"architecture":"arm64","os":"linux","rootfs":{"diff_ids":[]}})").error().code, kUnsupported);
  EXPECT_FALSE(ParseImageConfig(R"({"rootfs":{"diff_ids":["x"]}})").has_value());
  EXPECT_FALSE(ParseImageConfig(R"({"rootfs":{"diff_ids":[]},"config":{"Cmd":["a\u0000b"]}})").has_value());
  EXPECT_FALSE(ParseImageConfig(R"({"rootfs":{"diff_ids":[]},"config":{"Cmd":"a"}})").has_value());
  const std::string large(60000, 'a');
  EXPECT_FALSE(ParseImageConfig(fmt::format(R"({{"rootfs":{{"diff_ids":[]}},"config":{{"Env":["{0}","{0}","{0}"]}}}})", large)).has_value());
}

TEST(Registries, OnlyThoseThatTheOperatorKnows) {  // else a client makes the daemon fetch from anywhere
  const auto reference = *ParseImageUri("123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/app:1");
  const auto find = [&](const ImageReference& of, std::vector<std::string> mirrors, RegistryCredentials credentials = {}) {
    std::vector<RegistryMirror> parsed;
    for (const std::string& text : mirrors) parsed.push_back(*ParseRegistryMirror(text));
    auto place = FindRegistry(of, parsed, credentials, AskedBy::Caller);
    if (!place) return std::string("refused");
    return place->local ? "local " + place->local->location : place->origin + "|" + place->repository;
  };
  EXPECT_EQ(find(reference, {}), "https://123456789012.dkr.ecr.eu-west-1.amazonaws.com|team/app");
  EXPECT_EQ(find(reference, {"*.dkr.ecr.*.amazonaws.com=http://mirror:5000/pre/fix"}), "http://mirror:5000|pre/fix/team/app");
  EXPECT_EQ(find(reference, {"*.dkr.ecr.*.amazonaws.com=oci:ecr"}), "local ecr/team/app");
  const auto other = *ParseImageUri("internal.example:8080/app");
  EXPECT_EQ(find(other, {"*.example.org=http://x.y"}), "refused");
  EXPECT_EQ(find(other, {}, {{"internal.example:8080", "a:b"}}), "https://internal.example:8080|app");
  EXPECT_EQ(find(*ParseImageUri("evil.com.dkr.ecr.x.amazonaws.com/a"), {}), "refused") << "a star stands for no dot";
  for (const char* bad : {"", "a", "a=", "a=ftp://x", "a=http://", "=http://x.y", "a=oci:../b", "a=http://x?y"}) EXPECT_FALSE(ParseRegistryMirror(bad).has_value()) << bad;
}

TEST(Registries, ChallengesAndRedirects) {  // else no token is got, or a token goes to a stranger
  auto bearer = ParseChallenge(R"(Bearer realm="https://auth.example/token?x=1",service="registry, \"one\"",scope=repository:a/b:pull)");
  ASSERT_TRUE(bearer);
  EXPECT_TRUE(bearer->bearer);
  EXPECT_EQ(bearer->realm, "https://auth.example/token?x=1");
  EXPECT_EQ(bearer->service, "registry, \"one\"");
  EXPECT_EQ(bearer->scope, "repository:a/b:pull");
  EXPECT_FALSE(ParseChallenge("basic realm=\"x\"")->bearer);
  for (const char* bad : {"", "Bearer", "Bearer realm=file:///etc", "Digest realm=x", "Bearer realm=\"https://x"}) EXPECT_FALSE(ParseChallenge(bad).has_value()) << bad;
  EXPECT_EQ(*ResolveLocation("https://a:1/v2/x", "/y?z"), "https://a:1/y?z");
  EXPECT_EQ(*ResolveLocation("https://a/v2", "//b/c"), "https://b/c");
  EXPECT_FALSE(ResolveLocation("https://a/v2", "http://b/c").has_value());
  EXPECT_FALSE(ResolveLocation("http://a/v2", "unix:/run/x:/y").has_value());
}

TEST(Registries, Credentials) {
  auto credentials = ParseRegistryCredentials(R"({"auths":{"https://index.docker.io/v1/":{"auth":"YTpiOmM="},"x.y:5000":{"auth":"YTpi"},"bad":{"auth":"!"},"none":{}}})");
  ASSERT_TRUE(credentials);
  EXPECT_EQ(*credentials, (RegistryCredentials{{"index.docker.io", "a:b:c"}, {"x.y:5000", "a:b"}}));
  EXPECT_FALSE(ParseRegistryCredentials("no json").has_value());
  auto helpers = ParseCredentialHelpers(R"({"auths":{"https://a.b/v1/":{},"x.y":{"auth":"YTpi"}},"credsStore":"store","credHelpers":{"c.d:5000":"ecr-login","e.f":"../sh"}})");
  ASSERT_TRUE(helpers && helpers->size() == 2);
  EXPECT_EQ((*helpers)[0].name + ' ' + (*helpers)[0].server_url + ' ' + (*helpers)[0].host, "store https://a.b/v1/ a.b");
  EXPECT_EQ((*helpers)[1].name + ' ' + (*helpers)[1].host, "ecr-login c.d:5000");
  EXPECT_EQ(*ParseHelperAnswer(R"({"ServerURL":"a","Username":"u","Secret":"p:q"})"), "u:p:q");
  for (const char* bad : {"credentials not found", "{}", R"({"Username":"<token>","Secret":"x"})", R"({"Username":"a:b","Secret":"x"})"}) {
    EXPECT_FALSE(ParseHelperAnswer(bad).has_value()) << bad;
  }
}

}  // namespace
}  // namespace mayfly::images
