#include "collectors/go/user_code.h"

#include <algorithm>
#include <array>

namespace proctor {
namespace {

/// First path elements of the standard library's packages.
constexpr auto kStandardLibrary = std::to_array<std::string_view>(
    {"archive", "bufio",    "bytes",   "cmp",    "compress", "container", "context", "crypto",  "database", "debug",
     "embed",   "encoding", "errors",  "expvar", "flag",     "fmt",       "go",      "hash",    "html",     "image",
     "index",   "internal", "io",      "iter",   "log",      "maps",      "math",    "mime",    "net",      "os",
     "path",    "plugin",   "reflect", "regexp", "runtime",  "slices",    "sort",    "strconv", "strings",  "structs",
     "sync",    "syscall",  "testing", "text",   "time",     "unicode",   "unique",  "unsafe",  "vendor",   "weak"});

/// Libraries whose functions run what was given to them.
constexpr auto kWrappers = std::to_array<std::string_view>(
    {"golang.org/x/sync/errgroup", "golang.org/x/sync/singleflight", "github.com/sourcegraph/conc",
     "github.com/panjf2000/ants", "github.com/oklog/run", "github.com/alitto/pond", "github.com/gammazero/workerpool",
     "k8s.io/apimachinery/pkg/util/wait"});

/// The package's path: up to the first dot after the last slash. A dot in a path's later elements is escaped as %2e.
std::string_view package_of(std::string_view function) {
  const std::size_t bracket = function.find('[');  // type arguments may hold slashes
  const std::string_view plain = function.substr(0, bracket);
  const std::size_t slash = plain.rfind('/');
  const std::size_t dot = plain.find('.', slash == std::string_view::npos ? 0 : slash);
  return plain.substr(0, dot);
}

bool within(std::string_view package, std::string_view parent) {
  return package.starts_with(parent) && (package.size() == parent.size() || package[parent.size()] == '/');
}

bool is_plumbing(std::string_view package) {
  return within(package, "runtime") || within(package, "sync") || within(package, "internal") || package.empty();
}

bool is_standard(std::string_view package) {
  return std::ranges::find(kStandardLibrary, package.substr(0, package.find('/'))) != kStandardLibrary.end();
}

bool is_wrapper(std::string_view package) {
  return std::ranges::any_of(kWrappers, [&](std::string_view wrapper) { return within(package, wrapper); });
}

}  // namespace

const Frame* user_frame(std::span<const Frame> frames) {
  const auto first = [&](auto&& wanted) -> const Frame* {
    const auto found =
        std::ranges::find_if(frames, [&](const Frame& frame) { return wanted(package_of(frame.function)); });
    return found == frames.end() ? nullptr : &*found;
  };
  if (const Frame* frame = first([](std::string_view package) {
        return !is_plumbing(package) && !is_standard(package) && !is_wrapper(package);
      })) {
    return frame;
  }
  if (const Frame* frame = first([](std::string_view package) { return !is_plumbing(package); })) return frame;
  return frames.empty() ? nullptr : &frames.front();
}

const GoModuleVersion* module_of(std::span<const GoModuleVersion> modules, std::string_view function) {
  // A dot in the last element of a path is escaped in the names of its functions.
  std::string package{package_of(function)};
  for (std::size_t at = package.find("%2e"); at != std::string::npos; at = package.find("%2e", at)) {
    package.replace(at, 3, ".");
  }
  const GoModuleVersion* best = nullptr;
  for (const GoModuleVersion& module : modules) {
    if (within(package, module.path) && (best == nullptr || best->path.size() < module.path.size())) best = &module;
  }
  return best;
}

bool is_system_goroutine(std::string_view start_function) {
  return start_function.starts_with("runtime.") && start_function != "runtime.main" &&
         start_function != "runtime.corostart" && start_function != "runtime.handleAsyncEvent";
}

}  // namespace proctor
