#include "rush/base/rethrow.h"

#include "rush/base/error.h"

namespace rush {

void rethrow_from(const std::string& where) {
  try {
    throw;
  } catch (const ShapeError& e) {
    throw ShapeError(where + ": " + e.what());
  } catch (const TypeError& e) {
    throw TypeError(where + ": " + e.what());
  } catch (const IndexError& e) {
    throw IndexError(where + ": " + e.what());
  } catch (const IoError& e) {
    throw IoError(where + ": " + e.what());
  } catch (const Error& e) {
    throw Error(where + ": " + e.what());
  }
}

}  // namespace rush
