/* What differs between the nRF5 boards. */
#ifndef NRF5_H_
#define NRF5_H_

#include "nrf5/nrf_gpio.h"
#include "nrf5/nrf_pdm.h"
#include "nrf5/nrf_timer.h"
#include "nrf5/nrf_uart.h"

#if defined(BOARD_NANO33)
#define NRF5_NAME "nano33"
#define NRF5_TX_PIN NRF_PIN(1, 3)  /* D1/TX */
#define NRF5_RX_PIN NRF_PIN(1, 10) /* D0/RX */
#define NRF5_LED_PIN NRF_PIN(0, 13)
#define NRF5_LED_ON true
#define NRF5_MICROPHONE nrf_pdm_nano33_sense /* the Nano 33 BLE without Sense hears nothing */
#elif defined(BOARD_NRF52840DK)
#define NRF5_NAME "nrf52840dk"
#define NRF5_TX_PIN NRF_PIN(0, 6) /* to the debugger's virtual COM port */
#define NRF5_RX_PIN NRF_PIN(0, 8)
#define NRF5_LED_PIN NRF_PIN(0, 13) /* LED1, lit by a low level */
#define NRF5_LED_ON false
#elif defined(BOARD_MICROBIT)
#define NRF5_NAME "microbit"
#define NRF5_TX_PIN NRF_PIN(0, 24)
#define NRF5_RX_PIN NRF_PIN(0, 25)
#else
#error "unknown nRF5 board"
#endif

#ifdef __ARM_ARCH_6M__ /* nRF51: no cycle counter, so a tick is one of TIMER0 */
#define NRF5_TICK_HZ NRF_TIMER_HZ
#else
#define NRF5_CYCLES 1
#define NRF5_TICK_HZ 64000000u
#endif

#endif
