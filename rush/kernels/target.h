// What the kernels of this build use on this machine.
#pragma once

#include <string>

namespace rush::kernels {

const char* vector_target();        // Highway's name: "AVX3", "AVX2", "NEON", ...
std::string contraction_library();  // "oneDNN 3.2.0", or "portable kernels" without it

}  // namespace rush::kernels
