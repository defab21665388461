#include "agent/commands/commands.h"
#include "agent/commands/target_options.h"

namespace proctor {

ExitStatus check_config_command(const std::string& file) {
  const auto config = load_config(file);
  return config ? ExitStatus::fine : print_mistakes(config.error());
}

}  // namespace proctor
