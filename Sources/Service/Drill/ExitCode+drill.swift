import Backup

extension ExitCode {
    /// The code for a drill.
    package init(_ report: DrillReport) {
        self =
            switch report.verdict {
            // The scratch that stayed is to be seen to.
            case .equal: report.leftover == nil ? .ok : .incomplete
            case .incomplete: .incomplete
            // Damage of the whole backup has a reason, and no document to name.
            case .different: report.reason != nil ? .damaged : .different
            case .unknown: .unknown
            }
    }
}
