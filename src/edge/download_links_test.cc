// If these fail, links to packages work for too long, or open other packages than they were made for.
#include "edge/download_links.h"

#include <gtest/gtest.h>

#include "base/sim_loop.h"

namespace mayfly::edge {
namespace {

struct Links {
  Links() {
    function.name = {"111111111111", "eu-west-1", "f"};
    function.code_sha256 = std::string(64, 'a');
  }
  http::Request Get(const std::string& url, const std::string& method = "GET") {
    http::Request request;
    request.method = method;
    request.target = url.substr(url.find("/_mayfly"));
    request.headers.Add("Host", "127.0.0.1:4566");
    return request;
  }
  SimLoop loop;
  SeededRandom random{1};
  DownloadLinks links{loop, random, "http://127.0.0.1:4566"};
  catalog::Function function;
};

std::string Replaced(std::string text, const std::string& old_part, const std::string& new_part) {
  return text.replace(text.find(old_part), old_part.size(), new_part);
}

TEST(DownloadLinks, HoldForTenMinutes) {
  Links t;
  const std::string url = t.links.UrlOf(t.function);
  EXPECT_TRUE(url.starts_with("http://127.0.0.1:4566/_mayfly/code/111111111111/" + t.function.code_sha256 + "?"));
  EXPECT_TRUE(t.links.IsAllowed(t.Get(url)));
  t.loop.RunFor(kDownloadLinkValid - std::chrono::seconds(1));
  EXPECT_TRUE(t.links.IsAllowed(t.Get(url)));
  t.loop.RunFor(std::chrono::seconds(2));
  EXPECT_FALSE(t.links.IsAllowed(t.Get(url)));
}

TEST(DownloadLinks, CoverOneAccountAndPackage) {
  Links t;
  const std::string url = t.links.UrlOf(t.function);
  EXPECT_FALSE(t.links.IsAllowed(t.Get(Replaced(url, "/111111111111/", "/222222222222/"))));
  EXPECT_FALSE(t.links.IsAllowed(t.Get(Replaced(url, std::string(64, 'a'), std::string(64, 'b')))));
  EXPECT_FALSE(t.links.IsAllowed(t.Get(Replaced(url, "X-Amz-Expires=600", "X-Amz-Expires=60000"))));
  EXPECT_FALSE(t.links.IsAllowed(t.Get(url + "0")));
  EXPECT_FALSE(t.links.IsAllowed(t.Get(url.substr(0, url.find('?')))));
  EXPECT_FALSE(t.links.IsAllowed(t.Get(url, "DELETE")));
}

TEST(DownloadLinks, AreNotAnotherDaemons) {
  Links t;
  SeededRandom other_random{2};
  DownloadLinks other(t.loop, other_random, "http://127.0.0.1:4566");
  EXPECT_FALSE(other.IsAllowed(t.Get(t.links.UrlOf(t.function))));
  // Nor does a client's own access key sign one, even under our name.
  const identity::SigningIdentity client{"MAYFLYDOWNLOADLINKS0", "guess", ""};
  const std::string path = "/_mayfly/code/111111111111/" + t.function.code_sha256;
  const std::string query = identity::PresignQuery("GET", "127.0.0.1:4566", path, client, "eu-west-1", "s3", t.loop.WallNow(), kDownloadLinkValid);
  EXPECT_FALSE(t.links.IsAllowed(t.Get(path + "?" + query)));
}

}  // namespace
}  // namespace mayfly::edge
