#include "collectors/go/user_code.h"

#include <gtest/gtest.h>

namespace proctor {
namespace {

std::string first_of(const UserCode& code, const std::vector<Frame>& frames) {
  const Frame* frame = code.user_frame(frames);
  return frame == nullptr ? "" : frame->function;
}

TEST(UserCode, TheFirstFrameThatIsNeitherLibraryNorWrapper) {
  const UserCode code;
  EXPECT_EQ(first_of(code, {{"runtime.gopark", "proc.go", 1},
                            {"sync.(*Mutex).Lock", "mutex.go", 1},
                            {"shop.(*Cart).Add", "cart.go", 7},
                            {"golang.org/x/sync/errgroup.(*Group).Go.func1", "errgroup.go", 93},
                            {"runtime.goexit", "asm.s", 1}}),
            "shop.(*Cart).Add");
  EXPECT_EQ(first_of(code, {{"runtime.gopark", "proc.go", 1},
                            {"google.golang.org/grpc.(*ClientConn).Invoke", "call.go", 35},
                            {"shop/api.(*cartClient).Get", "/src/shop/api/cart_grpc.pb.go", 40},
                            {"shop.show", "show.go", 12}}),
            "shop.show");
  EXPECT_EQ(first_of(code, {{"runtime.gopark", "proc.go", 1},
                            {"net.(*conn).Read", "net.go", 1},
                            {"google.golang.org/grpc/internal/transport.(*http2Client).reader", "http2_client.go", 1}}),
            "google.golang.org/grpc/internal/transport.(*http2Client).reader");
  EXPECT_EQ(first_of(code, {{"runtime.gopark", "proc.go", 1}, {"net.(*conn).Read", "net.go", 1}}), "net.(*conn).Read");
  EXPECT_EQ(first_of(code, {{"runtime.gopark", "proc.go", 1},
                            {"net.(*conn).Read", "net.go", 1},
                            {"net/http.(*connReader).backgroundRead", "server.go", 1}}),
            "net/http.(*connReader).backgroundRead");
  EXPECT_EQ(first_of(code, {{"runtime.gopark", "proc.go", 1}}), "runtime.gopark");
  EXPECT_EQ(first_of(code, {}), "");
}

TEST(UserCode, APackageThatIsToldIsSeenThroughWithAllWithinIt) {
  const std::vector<Frame> frames{{"runtime.gopark", "proc.go", 1},
                                  {"corp.example/pool/worker.(*Pool).run", "pool.go", 1},
                                  {"corp.example/poolside.main", "main.go", 1}};
  EXPECT_EQ(first_of(UserCode{}, frames), "corp.example/pool/worker.(*Pool).run");
  EXPECT_EQ(first_of(UserCode{{"corp.example/pool"}}, frames), "corp.example/poolside.main");
  EXPECT_TRUE(UserCode{{"corp.example/pool"}}.starts_for_others("corp.example/pool.Submit"));
  EXPECT_TRUE(UserCode{}.starts_for_others("sync.(*WaitGroup).Go"));
  EXPECT_FALSE(UserCode{}.starts_for_others("net/http.(*Server).Serve"));
}

TEST(UserCode, PackagesOfTheRuntimeAreTheRuntime) {
  EXPECT_TRUE(is_runtime_function("runtime.mallocgc"));
  EXPECT_TRUE(is_runtime_function("internal/runtime/atomic.Load"));
  EXPECT_FALSE(is_runtime_function("runtime/pprof.WriteHeapProfile"));
  EXPECT_FALSE(is_runtime_function("runtimex.f"));
}

TEST(UserCode, AFunctionLiteralStandsInAFunction) {
  EXPECT_EQ(enclosing_function("main.fanOut.func1"), "main.fanOut");
  EXPECT_EQ(enclosing_function("main.(*server).run.func2.1"), "main.(*server).run.func2");
  EXPECT_EQ(enclosing_function("main.run.func2.1.3"), "main.run.func2.1");
  EXPECT_EQ(enclosing_function("example.com/v2.1"), "");
  EXPECT_EQ(enclosing_function("main.run.func2.gowrap1"), "");
  EXPECT_EQ(enclosing_function("main.fanOut"), "");
  EXPECT_EQ(enclosing_function("main.functions.funcs"), "");
}

}  // namespace
}  // namespace proctor
