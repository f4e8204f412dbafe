// Just enough of Arduino's and Nordic's declarations to check the types of our board file and of sketches.
#pragma once
#include <cstddef>
#include <cstdint>
struct Usb {
  void begin(unsigned long);
  int available();
  int read();
  size_t write(const uint8_t *, size_t);
  size_t print(const char *);
  size_t print(unsigned long);
  size_t println(const char *);
  size_t println(double, int);
  explicit operator bool();
};
extern Usb Serial;
unsigned long millis();
void delay(unsigned long);
void delayMicroseconds(unsigned int);
enum { LOW, HIGH, OUTPUT = 1, LED_BUILTIN = 13 };
void pinMode(int, int);
void digitalWrite(int, int);
enum IRQn_Type { PDM_IRQn = 29 };
void NVIC_SetVector(IRQn_Type, uint32_t);
void NVIC_SetPriority(IRQn_Type, uint32_t);
void NVIC_ClearPendingIRQ(IRQn_Type);
void NVIC_EnableIRQ(IRQn_Type);
struct Clock {
  volatile uint32_t TASKS_HFCLKSTART;
};
extern Clock *NRF_CLOCK;
[[noreturn]] void NVIC_SystemReset();
struct Power {
  volatile uint32_t RESETREAS;
};
struct Debug {
  volatile uint32_t DEMCR;
};
struct Trace {
  volatile uint32_t CTRL, CYCCNT;
};
extern Power *NRF_POWER;
extern Debug *CoreDebug;
extern Trace *DWT;
enum : uint32_t {
  CoreDebug_DEMCR_TRCENA_Msk = 1u << 24,
  DWT_CTRL_CYCCNTENA_Msk = 1,
  POWER_RESETREAS_RESETPIN_Msk = 1,
  POWER_RESETREAS_DOG_Msk = 2,
  POWER_RESETREAS_SREQ_Msk = 4,
  POWER_RESETREAS_LOCKUP_Msk = 8,
};
void setup();
void loop();
