#include "surrogate/losses.h"

#include <set>

#include "test/check.h"

namespace cole {

COLE_TEST(mse_by_hand) {
  const std::vector<float> s{1, 2}, y{0, 4};
  std::vector<float> ds(2);
  CHECK_NEAR(mse_loss(s, y, 1, ds.data()), 2.5, 1e-6);
  CHECK_NEAR(ds[0], 1, 1e-6);
  CHECK_NEAR(ds[1], -2, 1e-6);
}

COLE_TEST(hinge_by_hand) {
  // Targets 1, 3, 3: pairs (1, 0) and (2, 0). Violations 0.1 - (0.05 - 0) = 0.05 and 0.1 - (1 - 0) < 0.
  const std::vector<float> s{0, 0.05f, 1}, y{1, 3, 3};
  std::vector<float> ds(3);
  float loss;
  Random random(1, 1);
  CHECK(HingeLoss(0.1f, 128, 3)(s, y, random, ds.data(), &loss));
  CHECK_NEAR(loss, 0.025, 1e-6);
  CHECK_NEAR(ds[0], 0.5, 1e-6);
  CHECK_NEAR(ds[1], -0.5, 1e-6);
  CHECK_NEAR(ds[2], 0, 1e-6);
}

COLE_TEST(hinge_of_one_pair_and_of_none) {
  std::vector<float> ds(2);
  float loss;
  Random random(1, 1);
  CHECK(HingeLoss(0.1f, 8, 2)(std::vector<float>{0, 0}, std::vector<float>{2, 1}, random, ds.data(), &loss));
  CHECK_NEAR(loss, 0.1, 1e-7);
  CHECK(ds[0] == -1 && ds[1] == 1);
  CHECK(!HingeLoss(0.1f, 8, 2)(std::vector<float>{0, 1}, std::vector<float>{2, 2}, random, ds.data(), &loss));
  CHECK(!HingeLoss(0.1f, 8, 2)(std::vector<float>{0}, std::vector<float>{2}, random, ds.data(), &loss));
}

COLE_TEST(hinge_draws_pairs_without_replacement) {
  // All outputs equal: every drawn pair is violated and moves ds by 1/8 at its two ends. With targets 0..5, the pair
  // (i, j) is told from the derivative only in sum, so count: 8 of 15 pairs, each at most once, spread over many draws.
  const std::vector<float> s(6, 0), y{0, 1, 2, 3, 4, 5};
  std::vector<float> ds(6);
  float loss;
  Random random(5, 1);
  HingeLoss hinge(0.1f, 8, 6);
  double mean[6] = {};
  const int draws = 4000;
  for (int d = 0; d < draws; ++d) {
    CHECK(hinge(s, y, random, ds.data(), &loss));
    CHECK_NEAR(loss, 0.1, 1e-6);
    double sum = 0;
    for (int i = 0; i < 6; ++i) {
      // At most its five pairs, each once.
      CHECK(std::fabs(ds[i]) <= 5.0f / 8 + 1e-6f);
      sum += ds[i];
      mean[i] += ds[i] / draws;
    }
    CHECK_NEAR(sum, 0, 1e-6);
  }
  // Every pair is equally likely, 1/15 of the loss: output i is lower in 5 - i pairs and higher in i.
  for (int i = 0; i < 6; ++i) CHECK_NEAR(mean[i], (5 - 2 * i) / 15.0, 0.02);
}

}  // namespace cole
