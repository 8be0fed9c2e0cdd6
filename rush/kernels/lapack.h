// Whether this build has LAPACK. Without it the kernels of linear algebra raise Error.
#pragma once

namespace rush::kernels {

bool has_lapack();

}  // namespace rush::kernels
