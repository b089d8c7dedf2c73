import Foundation
import Vault

/// The JSON form of a moment.
struct MomentResult: Encodable {
    var number: Int
    var at: Date
    var epoch: Int
    var isComplete: Bool
    var documents: Int
    var deleted: Int
    var leaves: Int
    var setAside: Int
    var verified: Date?

    init(_ moment: Moment) {
        (number, at, epoch) = (moment.number, moment.time, moment.epoch)
        (isComplete, setAside, verified) = (moment.isComplete, moment.setAside, moment.verified)
        (documents, deleted, leaves) = (moment.documents, moment.deleted, moment.leaves)
    }
}
