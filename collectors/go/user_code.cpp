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

/// Libraries whose functions run what was given to them, or wait for others in the user's name.
constexpr auto kWrappers = std::to_array<std::string_view>(
    {"golang.org/x/sync", "github.com/sourcegraph/conc", "github.com/panjf2000/ants", "github.com/oklog/run",
     "github.com/alitto/pond", "github.com/gammazero/workerpool", "github.com/remeh/sizedwaitgroup",
     "github.com/Jeffail/tunny", "github.com/grpc-ecosystem", "google.golang.org/grpc",
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

/// What protoc's generators wrote: stubs of services, and messages.
bool is_generated(std::string_view file) { return file.ends_with(".pb.go") || file.ends_with(".pb.gw.go"); }

}  // namespace

bool UserCode::is_wrapper(std::string_view package) const {
  const auto holds_it = [&](std::string_view wrapper) { return within(package, wrapper); };
  return std::ranges::any_of(kWrappers, holds_it) || std::ranges::any_of(wrappers_, holds_it);
}

bool UserCode::is_users(const Frame& frame) const {
  const std::string_view package = package_of(frame.function);
  return !is_plumbing(package) && !is_standard(package) && !is_wrapper(package) && !is_generated(frame.file);
}

const Frame* UserCode::user_frame(std::span<const Frame> frames) const {
  const auto first = [&](auto&& wanted) -> const Frame* {
    const auto found = std::ranges::find_if(frames, wanted);
    return found == frames.end() ? nullptr : &*found;
  };
  if (const Frame* frame = first([this](const Frame& each) { return is_users(each); })) return frame;
  const auto of_library = [](const Frame& each) {
    const std::string_view package = package_of(each.function);
    return !is_plumbing(package) && !is_standard(package);
  };
  if (const Frame* frame = first(of_library)) return frame;
  for (std::size_t i = frames.size(); i-- > 0;) {
    if (!is_plumbing(package_of(frames[i].function))) return &frames[i];
  }
  return frames.empty() ? nullptr : &frames.front();
}

bool UserCode::starts_for_others(std::string_view function) const {
  const std::string_view package = package_of(function);
  return is_wrapper(package) || within(package, "sync");
}

bool is_standard_library(std::string_view function) {
  const std::string_view package = package_of(function);
  return !package.empty() && is_standard(package);
}

std::string_view enclosing_function(std::string_view function) {
  const auto is_number = [](std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char each) { return each >= '0' && each <= '9'; });
  };
  const std::size_t dot = function.rfind('.');
  if (dot == std::string_view::npos) return {};
  const std::string_view outer = function.substr(0, dot);
  std::string_view last = function.substr(dot + 1);
  // A literal within a literal has a number for its name.
  if (is_number(last)) return enclosing_function(outer).empty() ? std::string_view{} : outer;
  constexpr std::string_view kLiteral = "func";
  if (!last.starts_with(kLiteral)) return {};
  last.remove_prefix(kLiteral.size());
  return is_number(last) ? outer : std::string_view{};
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

bool is_runtime_function(std::string_view name) {
  return name.starts_with("runtime.") || name.starts_with("internal/runtime/");
}

bool is_system_goroutine(std::string_view start_function) {
  return start_function.starts_with("runtime.") && start_function != "runtime.main" &&
         start_function != "runtime.corostart" && start_function != "runtime.handleAsyncEvent";
}

}  // namespace proctor
