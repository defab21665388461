#pragma once

#include "agent/metrics/family_writer.h"
#include "agent/publication/publication.h"

namespace proctor {

/// What each site is that has series, or that a finding is about.
void fill_site_info(const TargetReport& report, FamilyWriter& family);
void fill_findings(const TargetReport& report, FamilyWriter& family);
/// Of those that another brings about, which.
void fill_consequences(const TargetReport& report, FamilyWriter& family);

}  // namespace proctor
