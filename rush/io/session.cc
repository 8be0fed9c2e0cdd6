#include "rush/io/session.h"

#include "rush/io/npy_dict.h"

namespace rush {

void save(const std::string& path, const Session& session, const Metadata& metadata) {
  save(path, session.state(), metadata);
}

RestoreReport restore(const std::string& path, Session& session, const RestoreOptions& options) {
  const State state = path.ends_with(".npy") ? io::load_npy_dict(path) : load_state(path);
  return session.load(state, options);
}

}  // namespace rush
