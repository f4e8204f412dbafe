// Just enough of Arduino's microphone library to check a sketch's types.
#pragma once
#include <cstddef>
struct PDMClass {
  int begin(int channels, int rate);
  int available();
  int read(void *buffer, size_t size);
  void onReceive(void (*callback)());
};
extern PDMClass PDM;
