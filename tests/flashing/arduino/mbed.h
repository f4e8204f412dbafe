#pragma once
#include <cstdint>
namespace mbed {
struct Watchdog {
  static Watchdog &get_instance();
  bool start(uint32_t);
  void kick();
};
} // namespace mbed
