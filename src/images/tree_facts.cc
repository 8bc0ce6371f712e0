#include "images/tree_facts.h"

#include <unistd.h>

#include "base/files.h"
#include "base/json.h"
#include "packages/extension_files.h"
#include "resources/json_members.h"

namespace mayfly::images {

Result<TreeFacts> FactsOfTree(const packages::CodeStore& code, const std::string& tree) {
  TreeFacts facts;
  const std::string folder = code.FolderOf(tree);
  if (folder.empty() || ::access((folder + "/image.json").c_str(), F_OK) != 0) return facts;
  MF_TRY(const std::string text, ReadFile(folder + "/image.json"));
  MF_TRY(const json::Value value, json::Parse(text));
  resources::MemberReader read(value);
  read("Layers", facts.layers);
  read("Extensions", facts.extensions);
  return facts;
}

Result<std::set<std::string>> LayersOfTrees(const packages::CodeStore& code, const std::vector<std::string>& trees) {
  std::set<std::string> layers;
  for (const std::string& tree : trees) {
    MF_TRY(const TreeFacts facts, FactsOfTree(code, tree));
    layers.insert(facts.layers.begin(), facts.layers.end());
  }
  return layers;
}

Result<std::vector<std::string>> ListTreeExtensions(const packages::CodeStore& code, const std::string& tree) {
  MF_TRY(TreeFacts facts, FactsOfTree(code, tree));
  if (!facts.layers.empty()) return std::move(facts.extensions);
  const std::string opt = code.DirectoryOf(tree);
  if (opt.empty()) return std::vector<std::string>();
  return packages::ListExtensionFiles(opt);
}

}  // namespace mayfly::images
