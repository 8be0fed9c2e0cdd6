// Errors on their way up: what failed is put before their text.
#pragma once

#include <string>

namespace rush {

// Requires: an error is being handled. Throws it again, of the same type, as "where: text".
[[noreturn]] void rethrow_from(const std::string& where);

}  // namespace rush
