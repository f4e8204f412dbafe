/* Enough of Arduino to run a sketch's setup() and its first loop() on this machine; prints floats as their bits. */
#ifndef ARDUINO_H_
#define ARDUINO_H_

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

struct Port {
  void begin(long) {}
  void print(const char *text) {
    fputs(text, stdout);
  }
  void print(char c) {
    putchar(c);
  }
  void println(const char *text) {
    puts(text);
  }
  void println(float value, int) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    printf("%08x\n", static_cast<unsigned>(bits));
  }
};
static Port Serial;

void setup();
void loop();
inline void delay(unsigned long) {
  exit(0);
}
int main() {
  setup();
  loop();
}

#endif
