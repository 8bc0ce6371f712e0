// GitRefs: the references of a bare git repository as they stand in its files: branches and tags with their commits, and HEAD. Read without
// git, and never written. Source: gitrepository-layout(5), git-pack-refs(1).
//
// ReadGitRefs blocks: for a BlockingPool. The parsers are pure functions; any bytes may come. Bounds: kRefsMax references, kRefFileBytesMax of a
// file, kRefDepthMax folders in each other; what is beyond is as if it were not there. Links are not followed.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace mayfly::codecommit {

inline constexpr size_t kRefsMax = 10'000;
inline constexpr size_t kRefFileBytesMax = 4 << 20;  // of packed-refs; one reference has some 60 bytes
inline constexpr int kRefDepthMax = 10;

using Refs = std::map<std::string, std::string, std::less<>>;  // "refs/heads/main" -> its commit

struct GitRefs {
  Refs refs;
  std::string head;  // "refs/heads/main"; "" when HEAD is detached
};

// nullopt: there is no bare repository.
std::optional<GitRefs> ReadGitRefs(const std::string& path);

// 40 or 64 hexadecimal digits.
bool IsCommitId(std::string_view text);
// "refs/…" as git allows names, as far as they could do harm: no "..", no control characters, no empty or hidden parts.
bool IsRefName(std::string_view name);
// Of packed-refs: "COMMIT NAME" a line; comments and peeled tags ("^COMMIT") are passed over.
void ReadPackedRefs(std::string_view text, Refs& refs);
// Of a reference's own file; nullopt: it is none, or points to another.
std::optional<std::string> ReadLooseRef(std::string_view text);
// What HEAD points to; "": a commit, or nothing sensible.
std::string ReadHead(std::string_view text);

// Names of branches: "main" of "refs/heads/main"; "" of another reference.
std::string_view BranchOf(std::string_view ref);

}  // namespace mayfly::codecommit
