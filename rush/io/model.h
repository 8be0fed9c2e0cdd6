// Models in safetensors files: save("net.safetensors", net) and load("net.safetensors", net). Names
// are those of state(): PyTorch's for the same architecture.
#pragma once

#include <string>

#include "rush/io/safetensors.h"
#include "rush/nn/module.h"

namespace rush {

void save(const std::string& path, const nn::ModuleRef& model, const Metadata& metadata = {});

// Copies the file's values into the model. Names or shapes that do not fit are listed in one error,
// and then the model is as it was.
LoadReport load(const std::string& path, const nn::ModuleRef& model,
                const LoadOptions& options = {});

}  // namespace rush
