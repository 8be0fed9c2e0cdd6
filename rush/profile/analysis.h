// From what was recorded to what is shown. All functions take the events of one thread in order of
// their begin, so that an event stands before those inside it.
#pragma once

#include <vector>

#include "rush/profile/profile.h"

namespace rush::detail {

// Ends at `end` what was still running then, and works out the times without inner events.
void close_events(std::vector<ProfileEvent>& events, int64_t end);

// Gives events that do not know their module that of the event around them, or one by
// place_between_modules().
void find_modules(std::vector<ProfileEvent>& events);

}  // namespace rush::detail
