// The name of the target that Highway's dispatch picks among those compiled in.
#include "rush/kernels/target.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "rush/kernels/cpu/target.cc"
#include "hwy/foreach_target.h"
// after foreach_target.h
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace rush::kernels {
namespace HWY_NAMESPACE {

const char* target_name() { return hwy::TargetName(HWY_TARGET); }

}  // namespace HWY_NAMESPACE
}  // namespace rush::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rush::kernels {

HWY_EXPORT(target_name);
const char* vector_target() { return HWY_DYNAMIC_DISPATCH(target_name)(); }

}  // namespace rush::kernels
#endif
