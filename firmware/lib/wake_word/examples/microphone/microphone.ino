/* Listens with the microphone of the Nano 33 BLE Sense: prints every keyword, and lights the LED for half a second. */
#include <Arduino.h>
#include <PDM.h>

#include <wake_word.h>

static const uint32_t kRing = 8192; /* samples, half a second: a power of two */
static int16_t ring[kRing];
static volatile uint32_t written; /* samples since the start; the interrupt alone writes it */
static uint32_t heard;            /* the same of the loop */
static uint32_t lit;              /* when the LED was switched on, in milliseconds */

static void on_audio() {
  for (uint32_t left = PDM.available() / 2; left > 0;) {
    const uint32_t start = written % kRing;
    const uint32_t count = left < kRing - start ? left : kRing - start;
    PDM.read(ring + start, 2 * count);
    written = written + count;
    left -= count;
  }
}

static void show(const wake_word_event_t &event) {
  Serial.print(static_cast<uint32_t>(event.sample / (WAKE_WORD_SAMPLE_RATE / 1000)));
  Serial.print(" ms  ");
  Serial.print(event.name);
  Serial.print("  ");
  Serial.println(event.score, 3);
  digitalWrite(LED_BUILTIN, HIGH);
  lit = millis();
}

void setup() {
  pinMode(LED_BUILTIN, OUTPUT);
  Serial.begin(115200);
  wake_word_init();
  PDM.onReceive(on_audio);
  if (!PDM.begin(1, WAKE_WORD_SAMPLE_RATE)) {
    for (;;) {
      Serial.println("no microphone: this sketch is for the Nano 33 BLE Sense");
      delay(1000);
    }
  }
}

void loop() {
  const uint32_t waiting = written - heard;
  if (waiting > kRing / 2) { /* the loop was held up: leave out what may be overwritten while it is read */
    heard = written;
    wake_word_reset();
    return;
  }
  const uint32_t start = heard % kRing;
  const int16_t *pcm = ring + start;
  size_t count = waiting < kRing - start ? waiting : kRing - start;
  heard += count;
  wake_word_event_t event;
  while (wake_word_push(&pcm, &count, &event) == WAKE_WORD_EVENT) {
    show(event);
  }
  if (millis() - lit > 500) {
    digitalWrite(LED_BUILTIN, LOW);
  }
}
