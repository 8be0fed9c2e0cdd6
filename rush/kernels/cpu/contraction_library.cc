#include "rush/kernels/target.h"
#if RUSH_WITH_ONEDNN
#include <dnnl.h>
#endif

namespace rush::kernels {

std::string contraction_library() {
#if RUSH_WITH_ONEDNN
  const dnnl_version_t* v = dnnl_version();
  return "oneDNN " + std::to_string(v->major) + "." + std::to_string(v->minor) + "." +
         std::to_string(v->patch);
#else
  return "portable kernels";
#endif
}

}  // namespace rush::kernels
