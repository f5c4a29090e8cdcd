// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <Eigen/Dense>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "multigrid/node_bases.h"
#include "random_field.h"

using namespace fastphoto;

namespace {

constexpr double least_variance = 1e-9;

struct Node {
  std::vector<Eigen::Vector3d> colors;
  Eigen::Matrix4d block;
};

enum Kind { anything, one_pixel, one_color, on_grey_line, on_line, on_plane, nearly_one_color, kinds };

Eigen::Vector3d random_color(Numbers& random) {
  return {static_cast<double>(random.next()), static_cast<double>(random.next()), static_cast<double>(random.next())};
}

std::vector<Eigen::Vector3d> make_colors(int kind, Numbers& random) {
  const Eigen::Vector3d origin = random_color(random);
  const Eigen::Vector3d u = kind == on_grey_line ? Eigen::Vector3d::Ones() : random_color(random);
  const Eigen::Vector3d v = random_color(random);
  std::vector<Eigen::Vector3d> colors;
  for (int pixel = 0; pixel < (kind == one_pixel ? 1 : 9); ++pixel) {
    const auto s = static_cast<double>(random.next());
    const auto t = static_cast<double>(random.next());
    Eigen::Vector3d offset = random_color(random);
    if (kind == one_color) {
      offset.setZero();
    } else if (kind == on_grey_line || kind == on_line) {
      offset = s * u;
    } else if (kind == on_plane) {
      offset = s * u + t * v;
    } else if (kind == nearly_one_color) {
      offset *= 1e-6;
    }
    colors.emplace_back(kind == on_grey_line ? Eigen::Vector3d(offset) : Eigen::Vector3d(origin + offset));
  }
  return colors;
}

Eigen::Vector3d mean_of(const std::vector<Eigen::Vector3d>& colors) {
  Eigen::Vector3d sum = Eigen::Vector3d::Zero();
  for (const Eigen::Vector3d& color : colors) {
    sum += color;
  }
  const Eigen::Vector3d mean = sum / static_cast<double>(colors.size());
  return mean.cast<float>().cast<double>();
}

/// Energies of the pixels and of their differences, in coefficients of (1, I - shift).
Eigen::Matrix4d make_block(const std::vector<Eigen::Vector3d>& colors, const Eigen::Vector3d& shift, Numbers& random) {
  Eigen::Matrix4d block = Eigen::Matrix4d::Zero();
  const auto add = [&](double weight, double one, const Eigen::Vector3d& color) {
    Eigen::Vector4d f;
    f << one, color;
    block += weight * f * f.transpose();
  };
  for (const Eigen::Vector3d& color : colors) {
    add(0.5 + 0.4 * static_cast<double>(random.next()), 1.0, color - shift);
    for (const Eigen::Vector3d& other : colors) {
      add(0.5 + 0.4 * static_cast<double>(random.next()), 0.0, color - other);
    }
  }
  return block;
}

/// (b, a) = to u and u = from (b, a).
struct Basis {
  Eigen::Matrix4d to = Eigen::Matrix4d::Zero();
  Eigen::Matrix4d from = Eigen::Matrix4d::Zero();
};

/// A node after another, with branches.
Basis make_basis(const Node& node, const Eigen::Vector3d& mean, bool centred) {
  const auto count = static_cast<double>(node.colors.size());
  Eigen::Vector3d exact_mean = Eigen::Vector3d::Zero();
  double size = 0.0;
  for (const Eigen::Vector3d& color : node.colors) {
    exact_mean += color / count;
    size += color.squaredNorm() / count;
  }
  Eigen::Matrix3d rest = Eigen::Matrix3d::Zero();
  for (const Eigen::Vector3d& color : node.colors) {
    rest += (color - exact_mean) * (color - exact_mean).transpose() / count;
  }
  // The directions: color, a column each, and whiten, a row each.
  Eigen::Matrix3d color = Eigen::Matrix3d::Zero();
  Eigen::Matrix3d whiten = Eigen::Matrix3d::Zero();
  bool used[3] = {};
  for (int step = 0; step < 3; ++step) {
    int pivot = -1;
    for (int c = 0; c < 3; ++c) {
      if (!used[c] && (pivot < 0 || rest(c, c) > rest(pivot, pivot) * (1.0 + 1e-12))) {
        pivot = c;
      }
    }
    if (rest(pivot, pivot) <= std::max(least_variance, 1e-14 * size)) {
      break;
    }
    const double root = std::sqrt(rest(pivot, pivot));
    for (int c = 0; c < 3; ++c) {
      color(c, step) = used[c] ? 0.0 : rest(c, pivot) / root;
    }
    Eigen::RowVector3d row = Eigen::RowVector3d::Unit(pivot);
    for (int before = 0; before < step; ++before) {
      row -= color(pivot, before) * whiten.row(before);
    }
    whiten.row(step) = row / root;
    rest -= color.col(step) * color.col(step).transpose();
    used[pivot] = true;
  }

  Eigen::Matrix4d shift = Eigen::Matrix4d::Identity();  // (1, q) of (1, I) or (1, I - mean)
  shift.bottomRightCorner<3, 3>() = whiten;
  if (!centred) {
    shift.bottomLeftCorner<3, 1>() = -whiten * mean;
  }
  const Eigen::Matrix4d block = (1.0 + 1e-5) * shift * node.block * shift.transpose();
  Eigen::Matrix4d factor = Eigen::Matrix4d::Zero();
  Eigen::Matrix4d inverse = Eigen::Matrix4d::Zero();
  for (int i = 0; i < 4; ++i) {
    for (int j = 0; j < i; ++j) {
      const double value = block(i, j) - factor.row(i).head(j).dot(factor.row(j).head(j));
      factor(i, j) = factor(j, j) > 0.0 ? value / factor(j, j) : 0.0;
    }
    const double pivot = block(i, i) - factor.row(i).head(i).squaredNorm();
    if (pivot <= 1e-9 * block(i, i)) {
      factor.row(i).setZero();
      continue;
    }
    factor(i, i) = std::sqrt(pivot);
    inverse.row(i) = (Eigen::RowVector4d::Unit(i) - factor.row(i).head(i) * inverse.topRows(i)) / factor(i, i);
  }
  Eigen::Matrix4d both = Eigen::Matrix4d::Identity();
  both.bottomRightCorner<3, 3>() = whiten.transpose();
  Basis basis;
  basis.to = both * inverse.transpose();
  both.bottomRightCorner<3, 3>() = color.transpose();
  basis.from = factor.transpose() * both;
  return basis;
}

void set_lane(const Node& node, Index lane, MomentLanes& moments, BlockLanes& blocks) {
  for (const Eigen::Vector3d& color : node.colors) {
    Eigen::Vector4d f;
    f << 1.0, color;
    Index plane = 0;
    for (Index a = 0; a < 4; ++a) {
      for (Index b = a; b < 4; ++b) {
        moments[plane++][lane] += f(a) * f(b);
      }
    }
  }
  for (Index a = 0; a < 4; ++a) {
    for (Index b = 0; b < 4; ++b) {
      blocks[4 * a + b][lane] = node.block(a, b);
    }
  }
}

/// The planes of to_affine or from_affine.
Eigen::Matrix4d read_matrix(const Field<float>& basis, Index plane, Index node) {
  Eigen::Matrix4d matrix = Eigen::Matrix4d::Zero();
  for (Index j = 0; j < 4; ++j) {
    matrix(0, j) = static_cast<double>(basis.row(plane + j, 0)[node]);
  }
  for (Index i = 0; i < 3; ++i) {
    for (Index j = 0; j < 3; ++j) {
      matrix(1 + i, 1 + j) = static_cast<double>(basis.row(plane + 4 + 3 * i + j, 0)[node]);
    }
  }
  return matrix;
}

}  // namespace

TEST_CASE("bases of many nodes at once are those of one after another") {
  Numbers random;
  for (const bool centred : {false, true}) {
    CAPTURE(centred);
    std::vector<Node> nodes;
    std::vector<Eigen::Vector3d> means;
    const auto moments = std::make_unique<MomentLanes[]>(1);
    const auto blocks = std::make_unique<BlockLanes[]>(1);
    for (Index lane = 0; lane < lanes; ++lane) {
      Node node;
      node.colors = make_colors(static_cast<int>(lane % kinds), random);
      means.push_back(mean_of(node.colors));
      node.block = make_block(node.colors, centred ? means.back() : Eigen::Vector3d(Eigen::Vector3d::Zero()), random);
      set_lane(node, lane, moments[0], blocks[0]);
      nodes.push_back(std::move(node));
    }
    constexpr Index count = lanes - 3;
    CoarseLevel level(1, lanes);
    set_node_bases(moments[0], least_variance, blocks[0], centred, count, level.basis().planes(0));

    for (Index lane = 0; lane < count; ++lane) {
      CAPTURE(lane);
      const auto at = static_cast<std::size_t>(lane);
      const Basis expected = make_basis(nodes[at], means[at], centred);
      for (Index c = 0; c < 3; ++c) {
        CHECK(static_cast<double>(level.basis().row(CoarseLevel::mean_plane + c, 0)[lane]) ==
              doctest::Approx(means[at](c)).epsilon(1e-6));
      }
      const Eigen::Matrix4d to = read_matrix(level.basis(), CoarseLevel::to_plane, lane);
      const Eigen::Matrix4d from = read_matrix(level.basis(), CoarseLevel::from_plane, lane);
      CHECK((to - expected.to).norm() <= 1e-5 * expected.to.norm());
      CHECK((from - expected.from).norm() <= 1e-5 * expected.from.norm());
      // What a twin with the same mistake would not find.
      const Index kind = lane % kinds;
      const Index directions = kind == anything ? 3 : kind == on_plane ? 2 : kind == on_grey_line || kind == on_line;
      Eigen::Matrix4d kept = Eigen::Matrix4d::Zero();
      kept.topLeftCorner(1 + directions, 1 + directions).setIdentity();
      CHECK((from * to - kept).norm() < 1e-4);
    }
    for (Index plane = 0; plane < CoarseLevel::basis_planes; ++plane) {
      for (Index lane = count; lane < lanes; ++lane) {
        CHECK(level.basis().row(plane, 0)[lane] == 0.0F);
      }
    }
  }
}
