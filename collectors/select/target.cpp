#include "collectors/select/target.h"

namespace proctor {

std::string_view to_string(Runtime runtime) {
  switch (runtime) {
    case Runtime::native: return "native";
    case Runtime::go: return "go";
    case Runtime::jvm: return "jvm";
    case Runtime::python: return "python";
    case Runtime::node: return "node";
  }
  return "unknown";
}

}  // namespace proctor
