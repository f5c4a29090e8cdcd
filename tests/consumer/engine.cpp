// SPDX-License-Identifier: Apache-2.0
//
// An outside program with a runtime of its own: opens a model on it and sees its own refusal come back.  engine MODEL
#include <fastphoto/engine.h>

#include <cstdio>
#include <memory>

namespace {

/// A host's runtime, which refuses every graph.
class Refusal final : public fastphoto::Runtime {
 public:
  std::unique_ptr<fastphoto::Graph> open(const std::string& file, std::string_view bytes) override {
    throw fastphoto::Error(fastphoto::ErrorKind::Model, file + ": refused " + std::to_string(bytes.size()) + " bytes");
  }
  fastphoto::DeviceReport device() const override { return {}; }
};

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    return 2;
  }
  try {
    std::printf("model %s\n", fastphoto::Bundle::open(arguments[1]).manifest().name.c_str());
    const fastphoto::Stylizer stylizer(arguments[1], std::make_shared<Refusal>());
    return 1;
  } catch (const fastphoto::Error& error) {
    std::printf("%s\n", error.what());
    return error.kind() == fastphoto::ErrorKind::Model ? 0 : 1;
  }
}
