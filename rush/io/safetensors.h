// safetensors: named tensors in a file that cannot run code: a length (8 bytes, little-endian), a
// JSON header {name: {dtype, shape, data_offsets}}, then the data without gaps.
//
//   save("net.safetensors", state, {{"made by", "me"}});
//   State state = load_state("net.safetensors");
//
// io/model.h saves and loads whole models. A file is untrusted: every size is checked against its
// length before memory is asked for; gaps, overlaps, names that repeat and unknown types are
// refused with an IoError, and nothing is half-loaded.
#pragma once

#include <map>
#include <string>

#include "rush/tensor/state.h"

namespace rush {

using Metadata = std::map<std::string, std::string>;

// Replaces the file in one step: after a crash, a full disk or a kill either the old content is
// there or the new. Error for tensors without values or names that repeat.
void save(const std::string& path, const State& state, const Metadata& metadata = {});

// All tensors, in the order of their data.
State load_state(const std::string& path);
Metadata load_metadata(const std::string& path);

}  // namespace rush
