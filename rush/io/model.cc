#include "rush/io/model.h"

namespace rush {

void save(const std::string& path, const nn::ModuleRef& model, const Metadata& metadata) {
  save(path, state(model), metadata);
}

LoadReport load(const std::string& path, const nn::ModuleRef& model, const LoadOptions& options) {
  return load(model, load_state(path), options);
}

}  // namespace rush
