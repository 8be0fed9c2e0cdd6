// Sessions in files: variables by name, and what optimisers keep, as safetensors.
//
//   save("model.safetensors", session);
//   restore("model.safetensors", session);
//
// Names of a model in a session (name_variables) are those of the model by itself, so files of
// models (io/model.h) can be restored into sessions.
#pragma once

#include <string>

#include "rush/graph/session.h"
#include "rush/io/safetensors.h"

namespace rush {

// Replaces the file in one step, or leaves it as it was.
void save(const std::string& path, const Session& session, const Metadata& metadata = {});

// Reads safetensors or, by the ending .npy, a dictionary of arrays as numpy.save writes it (see
// io/npy_dict.h). What does not fit is listed in one error, and then nothing has been changed; with
// strict = false, in the report.
RestoreReport restore(const std::string& path, Session& session,
                      const RestoreOptions& options = {});

}  // namespace rush
