/* The nRF52's PDM peripheral with a digital microphone: EasyDMA fills a ring of buffers, by interrupt. */
#ifndef NRF_PDM_H_
#define NRF_PDM_H_

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define NRF_PDM_IRQ 29u

/* Pins, NRF_PIN(port, pin). */
typedef struct {
  uint32_t clock;
  uint32_t data;
  uint32_t power; /* supplies the microphone */
} nrf_pdm_pins_t;

/* The Nano 33 BLE Sense's: P0.26, P0.25, P0.17. */
extern const nrf_pdm_pins_t nrf_pdm_nano33_sense;

/* As microphone_start(). The interrupt must be enabled by the caller, and the crystal must run. */
void nrf_pdm_start(const nrf_pdm_pins_t *pins, uint32_t gain);

/* As microphone_stop(). */
void nrf_pdm_stop(const nrf_pdm_pins_t *pins);

/* As microphone_take(). */
const int16_t *nrf_pdm_take(uint32_t *lost);

/* Whether a buffer is complete; exact while interrupts are masked. */
bool nrf_pdm_ready(void);

/* For the vector table. */
void nrf_pdm_handler(void);

#ifdef __cplusplus
}
#endif
#endif
